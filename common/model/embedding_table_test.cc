#include "common/model/embedding_table.h"

#include <gmock/gmock.h>

#include <cmath>

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

TEST(EmbeddingTableTest, FloatsAreCopiedAndNarrowTypesRound) {
  const std::vector<float> values = Values();
  for (const WeightType type : {WeightType::kF32, WeightType::kBF16, WeightType::kInt8}) {
    StackedTensors tensor({{FloatView(values, {kRows, kColumns}), "words"}});
    const EmbeddingTable table = EmbeddingTable::Read(tensor, type).value();
    for (const int64_t row : {0, 127, 128, 299}) {
      std::vector<float> expected(values.begin() + row * kColumns,
                                  values.begin() + (row + 1) * kColumns);
      if (type != WeightType::kF32) {
        for (float& value : expected) value = FromBf16(ToBf16(value));
      }
      EXPECT_EQ(RowOf(table, row), expected);
    }
  }
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
