#include "common/model/stacked_tensors.h"

#include <gmock/gmock.h>

#include <cmath>

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(StackedTensorsTest, ReadsRowsAcrossPartsAndReleasesWhatWasRead) {
  const std::vector<float> a = {1, 2, 3, 4}, b = {5, 6, 7, 8, 9, 10};
  size_t released = 0;
  StackedTensors stack({{FloatView(a, {2, 2}), "a"}, {FloatView(b, {3, 2}), "b"}},
                       [&](std::span<const std::byte> part) { released += part.size(); });
  EXPECT_EQ(stack.rows(), 5);
  EXPECT_EQ(stack.row_size(), 2);
  std::vector<float> rows(6);
  stack.Read(1, 3, rows.data());
  EXPECT_THAT(rows, ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_EQ(released, rows.size() * sizeof(float));
  rows.resize(2);
  stack.Read(4, 1, rows.data());
  EXPECT_THAT(rows, ElementsAre(9, 10));
  EXPECT_TRUE(stack.status().ok());
}

TEST(StackedTensorsTest, VectorsAndScalarsHaveRowsOfOne) {
  const std::vector<float> a = {1, 2, 3};
  StackedTensors vector({{FloatView(a, {3}), "a"}}), scalar({{FloatView({a.data(), 1}, {}), "b"}});
  EXPECT_EQ(vector.rows(), 3);
  EXPECT_EQ(vector.row_size(), 1);
  EXPECT_EQ(scalar.rows(), 1);
  float value = 0;
  scalar.Read(0, 1, &value);
  EXPECT_EQ(value, 1);
}

TEST(StackedTensorsTest, NamesTheFirstThatIsNotFiniteWhateverTheOrder) {
  const std::vector<float> a = {1, 2, 3, INFINITY}, b = {NAN, 6};
  StackedTensors stack({{FloatView(a, {2, 2}), "a"}, {FloatView(b, {1, 2}), "b"}});
  std::vector<float> rows(6);
  stack.Read(2, 1, rows.data());
  EXPECT_THAT(std::string(stack.status().message()), HasSubstr("b"));
  stack.Read(0, 2, rows.data());
  stack.Read(2, 1, rows.data());
  EXPECT_THAT(std::string(stack.status().message()), HasSubstr("inf at element 3"));
}

TEST(StackedTensorsTest, IntegersAreRefused) {
  const std::vector<int32_t> a = {1, 2};
  StackedTensors stack({{{DType::kI32, {2}, std::as_bytes(std::span(a))}, "ids"}});
  std::vector<float> rows(2);
  stack.Read(0, 2, rows.data());
  EXPECT_THAT(std::string(stack.status().message()), HasSubstr("ids"));
}

}  // namespace
}  // namespace tact
