#include "common/kernels/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <tuple>
#include <vector>

#include "common/kernels/cpu.h"
#include "common/kernels/testing_values.h"

namespace tact {
namespace {

// c = op(a) op(b) + beta c in double.
std::vector<float> Naive(const std::vector<float>& a, const std::vector<float>& b,
                         std::vector<float> c, int64_t m, int64_t n, int64_t k, bool transpose_a,
                         bool transpose_b, float beta) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += double{a[transpose_a ? l * m + i : i * k + l]} *
               double{b[transpose_b ? j * k + l : l * n + j]};
      }
      float& out = c[i * n + j];
      out = static_cast<float>(sum + (beta == 0 ? 0.0 : double{beta} * double{out}));
    }
  }
  return c;
}

void ExpectNear(const std::vector<float>& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-3) << "at " << i;
  }
}

struct Shape {
  int64_t m, in, out;
};

class PackedLinearTest : public testing::TestWithParam<Shape> {};

TEST_P(PackedLinearTest, EqualsTheDefinition) {
  const auto [m, in, out] = GetParam();
  const auto x = Random(m * in, 1), weight = Random(out * in, 2), bias = Random(out, 3);
  auto expected = Naive(x, weight, std::vector<float>(m * out), m, out, in, false, true, 0);
  std::vector<float> y(static_cast<size_t>(m * out), NAN);
  PackedLinear(weight.data(), nullptr, out, in).Forward(x.data(), y.data(), m);
  ExpectNear(y, expected);
  for (size_t i = 0; i < expected.size(); ++i) expected[i] += bias[i % out];
  const PackedLinear with_bias(weight.data(), bias.data(), out, in);
  with_bias.Forward(x.data(), y.data(), m);
  ExpectNear(y, expected);
  with_bias.Forward(x.data(), y.data(), m, /*accumulate=*/true);
  for (float& value : expected) value *= 2;
  ExpectNear(y, expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes, PackedLinearTest,
                         testing::Values(Shape{0, 8, 8}, Shape{1, 128, 128}, Shape{1, 7, 5},
                                         Shape{3, 64, 200}, Shape{32, 128, 704}, Shape{63, 33, 65},
                                         Shape{64, 96, 48}, Shape{65, 96, 48}, Shape{300, 40, 130},
                                         Shape{1100, 24, 16}, Shape{2, 768, 2048},
                                         Shape{1, 500, 1030}, Shape{150, 801, 83}));

TEST(PackedLinearTest, CopiesShareTheWeightAndThreadsMayCompute) {
  const int64_t in = 96, out = 80;
  const auto weight = Random(out * in, 1);
  const PackedLinear linear(weight.data(), nullptr, out, in);
  EXPECT_GE(linear.bytes(), static_cast<size_t>(in * out) * sizeof(float));
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([&, t, copy = linear] {
      for (int64_t m = 1; m < 90; ++m) {
        const auto x = Random(m * in, 7);
        results[t].assign(static_cast<size_t>(m * out), 0);
        copy.Forward(x.data(), results[t].data(), m);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto x = Random(89 * in, 7);
  const auto expected = Naive(x, weight, std::vector<float>(89 * out), 89, out, in, false, true, 0);
  for (const auto& result : results) ExpectNear(result, expected);
}

class MatMulTest : public testing::TestWithParam<std::tuple<bool, bool, float>> {};

TEST_P(MatMulTest, EqualsTheDefinition) {
  const auto [transpose_a, transpose_b, beta] = GetParam();
  for (const auto& [m, n, k] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{
           {1, 1, 1}, {5, 7, 3}, {64, 33, 20}, {200, 150, 130}, {3, 4, 0}}) {
    const auto a = Random(m * k, 1), b = Random(k * n, 2);
    auto c = Random(m * n, 3);
    const auto expected = Naive(a, b, c, m, n, k, transpose_a, transpose_b, beta);
    MatMul(a.data(), b.data(), c.data(), m, n, k, transpose_a, transpose_b, beta);
    ExpectNear(c, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, MatMulTest,
                         testing::Combine(testing::Bool(), testing::Bool(),
                                          testing::Values(0.0f, 1.0f)));

TEST(GemmTest, StridesReachInsideLargerBuffers) {
  // a [2, 3] and b [2, 3] are columns 1..3 of wider matrices; c = 2 a b^T.
  const std::vector<float> a = {9, 1, 2, 3, 9, 4, 5, 6}, b = {1, 0, 1, 9, 9, 0, 1, 0, 9, 9};
  std::vector<float> c(6, -1);
  Gemm({a.data() + 1, 4}, {b.data(), 5}, c.data(), 3, 2, 2, 3, false, true, 2.0f);
  EXPECT_EQ(c, (std::vector<float>{8, 4, -1, 20, 10, -1}));
}

class NarrowLinearTest : public testing::TestWithParam<Shape> {
 protected:
  // Root of the mean squared error over the standard deviation of such outputs, sqrt(in).
  static double Error(WeightType type) {
    const auto [m, in, out] = GetParam();
    const auto x = Random(m * in, 1), weight = Random(out * in, 2), bias = Random(out, 3);
    std::vector<float> exact(static_cast<size_t>(m * out)), y = exact;
    PackedLinear(weight.data(), bias.data(), out, in).Forward(x.data(), exact.data(), m);
    const PackedLinear narrow(weight.data(), bias.data(), out, in, type);
    narrow.Forward(x.data(), y.data(), m);
    double error = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      error += std::pow(double{y[i]} - double{exact[i]}, 2);
    }
    // Adding to what is there gives twice the same.
    const std::vector<float> once = y;
    narrow.Forward(x.data(), y.data(), m, /*accumulate=*/true);
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], 2 * once[i], 1e-3);
    return std::sqrt(error / static_cast<double>(m * out * in));
  }
};

TEST_P(NarrowLinearTest, Bf16IsWithinItsRounding) { EXPECT_LE(Error(WeightType::kBF16), 4e-3); }
TEST_P(NarrowLinearTest, Int8IsWithinItsRounding) { EXPECT_LE(Error(WeightType::kInt8), 2.5e-2); }

INSTANTIATE_TEST_SUITE_P(Shapes, NarrowLinearTest,
                         testing::Values(Shape{1, 64, 1}, Shape{1, 100, 300}, Shape{7, 768, 513},
                                         Shape{33, 48, 129}, Shape{300, 64, 256}));

TEST(NarrowLinearEdges, GreatestCodesDoNotSaturate) {
  const int64_t in = 64;
  const std::vector<float> x(in, 3.0f), weight(in, -2.0f);
  float y = 0;
  PackedLinear(weight.data(), nullptr, 1, in, WeightType::kInt8).Forward(x.data(), &y, 1);
  EXPECT_NEAR(y, -2.0f * 3.0f * in, 1e-2);
}

TEST(NarrowLinearEdges, ZerosStayZeroAndNoRowsAreFine) {
  const std::vector<float> zeros(32, 0.0f), ones(32, 1.0f);
  for (const WeightType type : {WeightType::kBF16, WeightType::kInt8}) {
    float y = 1;
    const PackedLinear of_zeros(zeros.data(), nullptr, 1, 32, type);
    of_zeros.Forward(ones.data(), &y, 1);
    EXPECT_EQ(y, 0.0f);
    PackedLinear(ones.data(), nullptr, 1, 32, type).Forward(zeros.data(), &y, 1);
    EXPECT_EQ(y, 0.0f);
    of_zeros.Forward(nullptr, nullptr, 0);
  }
}

TEST(PackedLinearTest, RowsAreTheSameWhateverStandsBesideThem) {
  const int64_t in = 801, out = 83, m = 150;
  const auto x = Random(m * in, 1), weight = Random(out * in, 2), bias = Random(out, 3);
  for (const WeightType type : {WeightType::kF32, WeightType::kBF16, WeightType::kInt8}) {
    // oneDNN's products depend on the number of rows.
    if (type == WeightType::kBF16 && GetCpuFeatures().avx512_bf16) continue;
    const PackedLinear linear(weight.data(), bias.data(), out, in, type);
    std::vector<float> all(static_cast<size_t>(m * out), 1.5f);
    linear.Forward(x.data(), all.data(), m, /*accumulate=*/true);
    for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 31}) {
      std::vector<float> some(static_cast<size_t>(rows * out), 1.5f);
      linear.Forward(x.data() + 40 * in, some.data(), rows, /*accumulate=*/true);
      const auto begin = all.begin() + 40 * out;
      EXPECT_EQ(some, std::vector<float>(begin, begin + rows * out)) << rows << " rows";
    }
  }
}

TEST(NarrowLinearEdges, WhatIsNotFiniteStaysSo) {
  const std::vector<float> weight(64, 0.5f);
  for (const float broken : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> x(64, 1.0f);
    for (const size_t at : {size_t{3}, size_t{63}}) {
      std::vector<float> spoilt = x;
      spoilt[at] = broken;
      for (const WeightType type : {WeightType::kF32, WeightType::kBF16, WeightType::kInt8}) {
        float y = 0;
        PackedLinear(weight.data(), nullptr, 1, 64, type).Forward(spoilt.data(), &y, 1);
        EXPECT_FALSE(std::isfinite(y)) << broken << " at " << at;
      }
    }
  }
}

TEST(NarrowLinearEdges, TakesLessMemory) {
  const auto weight = Random(256 * 256, 4);
  const auto bytes = [&](WeightType type) {
    return PackedLinear(weight.data(), nullptr, 256, 256, type).bytes();
  };
  EXPECT_LE(bytes(WeightType::kBF16) * 2, bytes(WeightType::kF32));
  EXPECT_LE(bytes(WeightType::kInt8) * 3, bytes(WeightType::kF32));
}

}  // namespace
}  // namespace tact
