#include "common/model/embedding_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/kernels/bf16.h"

namespace tact {
namespace {

constexpr int64_t kRows = 300, kColumns = 3;  // more than one piece

std::vector<float> Values() {
  std::vector<float> values;
  for (int64_t i = 0; i < kRows * kColumns; ++i) {
    values.push_back(static_cast<float>(i) * 0.37f - 100.0f);
  }
  return values;
}

std::vector<float> RowOf(const EmbeddingTable& table, int64_t row) {
  std::vector<float> out(kColumns);
  table.CopyRow(row, out.data());
  return out;
}

// The most that rounding may move a value of a row whose greatest is `greatest`.
double Rounding(WeightType type, double value, double greatest) {
  if (type == WeightType::kF32) return 0;
  return type == WeightType::kBF16 ? std::abs(value) / 256 : greatest / 254 * 1.0001;
}

TEST(EmbeddingTableTest, FloatsAreCopiedAndNarrowTypesRound) {
  const std::vector<float> values = Values();
  for (const WeightType type : {WeightType::kF32, WeightType::kBF16, WeightType::kInt8}) {
    StackedTensors tensor({{FloatView(values, {kRows, kColumns}), "words"}});
    const EmbeddingTable table = EmbeddingTable::Read(tensor, type).value();
    for (const int64_t row : {0, 127, 128, 299}) {
      const float* expected = values.data() + row * kColumns;
      const std::vector<float> found = RowOf(table, row);
      const double greatest =
          std::abs(*std::max_element(expected, expected + kColumns,
                                     [](float a, float b) { return std::abs(a) < std::abs(b); }));
      for (int64_t i = 0; i < kColumns; ++i) {
        EXPECT_NEAR(found[i], expected[i], Rounding(type, expected[i], greatest))
            << "type " << static_cast<int>(type) << " row " << row;
      }
    }
  }
}

TEST(EmbeddingTableTest, ARowOfZerosStaysOneInInt8) {
  const std::vector<float> values(kColumns, 0.0f);
  StackedTensors tensor({{FloatView(values, {1, kColumns}), "words"}});
  const EmbeddingTable table = EmbeddingTable::Read(tensor, WeightType::kInt8).value();
  EXPECT_THAT(RowOf(table, 0), ::testing::Each(0.0f));
}

TEST(EmbeddingTableTest, NamesWhatIsNotFinite) {
  std::vector<float> values = Values();
  values[5] = NAN;
  StackedTensors tensor({{FloatView(values, {kRows, kColumns}), "words"}});
  const auto table = EmbeddingTable::Read(tensor, WeightType::kInt8);
  EXPECT_THAT(std::string(table.status().message()), ::testing::HasSubstr("words"));
}

TEST(Bf16Test, RoundsToTheEvenOfTwoEquallyNearAndKeepsWhatIsNoNumber) {
  EXPECT_EQ(ToBf16(1.0f), 0x3f80);
  EXPECT_EQ(ToBf16(1.00390625f), 0x3f80);
  EXPECT_EQ(ToBf16(1.01171875f), 0x3f82);
  EXPECT_TRUE(std::isnan(FromBf16(ToBf16(NAN))));
  EXPECT_EQ(FromBf16(ToBf16(-INFINITY)), -INFINITY);
}

}  // namespace
}  // namespace tact
