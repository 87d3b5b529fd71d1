#include "common/kernels/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

namespace tact {
namespace {

std::vector<float> Random(int64_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(static_cast<size_t>(n));
  for (float& x : out) x = normal(generator);
  return out;
}

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
                                         Shape{1100, 24, 16}, Shape{2, 768, 2048}));

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

}  // namespace
}  // namespace tact
