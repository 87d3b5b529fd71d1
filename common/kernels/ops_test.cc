#include "common/kernels/ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/kernels/testing_values.h"

namespace tact {
namespace {

using Vector = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Around vector widths, so that full vectors and tails both run.
const std::vector<int64_t> kSizes = {1, 3, 7, 8, 16, 31, 64, 513, 1100};

void ExpectNear(const Vector& actual, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "at " << i;
  }
}

std::vector<double> Map(const Vector& x, double (*function)(double)) {
  std::vector<double> out;
  for (const float value : x) out.push_back(function(value));
  return out;
}

double GeluNewOf(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
double GeluOf(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

TEST(OpsTest, ActivationsEqualTheirDefinitions) {
  Vector x = Random(1000, 1, 4);
  for (const float value : {0.0f, -0.0f, 50.0f, -50.0f, 1e4f, -1e4f, 1e-20f}) x.push_back(value);
  const int64_t n = static_cast<int64_t>(x.size());
  Vector y(x.size());
  GeluNew(x.data(), y.data(), n);
  ExpectNear(y, Map(x, GeluNewOf), 1e-6);
  Gelu(x.data(), y.data(), n);
  ExpectNear(y, Map(x, GeluOf), 1e-6);
  Tanh(x.data(), y.data(), n);
  ExpectNear(y, Map(x, [](double v) { return std::tanh(v); }), 5e-7);
  Relu(x.data(), y.data(), n);
  ExpectNear(y, Map(x, [](double v) { return std::max(v, 0.0); }), 0);
}

TEST(OpsTest, GateMultiplies) {
  const Vector x = Random(4 * 10, 2);  // 2 rows of gate | linear, 10 each
  Vector rows(20), flat(10);
  GeluNewGateRows(x.data(), rows.data(), 2, 10);
  GeluNewGate(x.data() + 20, x.data() + 30, flat.data(), 10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(rows[i], GeluNewOf(x[i]) * x[10 + i], 1e-6);
    EXPECT_EQ(rows[10 + i], flat[i]);
  }
}

TEST(OpsTest, SoftmaxAndLogSoftmax) {
  for (const int64_t n : kSizes) {
    const Vector x = Random(n, 3, 5), bias = Random(n, 4);
    double sum = 0, biased_sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      sum += std::exp(double{x[i]});
      biased_sum += std::exp(double{x[i]} + double{bias[i]});
    }
    std::vector<double> plain, biased, log;
    for (int64_t i = 0; i < n; ++i) {
      plain.push_back(std::exp(double{x[i]}) / sum);
      biased.push_back(std::exp(double{x[i]} + double{bias[i]}) / biased_sum);
      log.push_back(double{x[i]} - std::log(sum));
    }
    Vector y = x;
    Softmax(y.data(), nullptr, n);
    ExpectNear(y, plain, 1e-6);
    y = x;
    Softmax(y.data(), bias.data(), n);
    ExpectNear(y, biased, 1e-6);
    LogSoftmax(x.data(), y.data(), n);
    ExpectNear(y, log, 1e-6);
    EXPECT_NEAR(LogSumExp(x.data(), n), std::log(sum), 1e-5);
  }
}

TEST(OpsTest, SoftmaxOfMaskedAndExtremeScores) {
  Vector x = {-kInfinity, 1, -kInfinity, 1};
  Softmax(x.data(), nullptr, 4);
  EXPECT_EQ(x, (Vector{0, 0.5, 0, 0.5}));
  x = {1e30f, -1e30f, 0};
  Softmax(x.data(), nullptr, 3);
  EXPECT_EQ(x, (Vector{1, 0, 0}));
  const float lowest = std::numeric_limits<float>::lowest();
  x = {lowest, lowest};
  Softmax(x.data(), nullptr, 2);
  EXPECT_EQ(x, (Vector{0.5, 0.5}));
}

TEST(OpsTest, Norms) {
  for (const int64_t n : kSizes) {
    const Vector x = Random(2 * n, 5, 3), residual = Random(2 * n, 6);
    const Vector weight = Random(n, 7), bias = Random(n, 8);
    std::vector<double> rms, layer;
    for (int64_t r = 0; r < 2; ++r) {
      double squares = 0, mean = 0, variance = 0;
      const auto sum = [&](int64_t i) {
        return double{x[r * n + i]} + double{residual[r * n + i]};
      };
      for (int64_t i = 0; i < n; ++i) squares += sum(i) * sum(i), mean += sum(i) / n;
      for (int64_t i = 0; i < n; ++i) variance += (sum(i) - mean) * (sum(i) - mean) / n;
      for (int64_t i = 0; i < n; ++i) {
        rms.push_back(sum(i) / std::sqrt(squares / n + 1e-6) * weight[i]);
        layer.push_back((sum(i) - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i]);
      }
    }
    Vector y(x.size()), updated = residual;
    AddRmsNorm(updated.data(), x.data(), weight.data(), y.data(), 2, n, 1e-6f);
    ExpectNear(y, rms, 1e-5);
    Vector again(x.size());
    RmsNorm(updated.data(), weight.data(), again.data(), 2, n, 1e-6f);
    EXPECT_EQ(again, y);
    AddLayerNorm(x.data(), residual.data(), weight.data(), bias.data(), y.data(), 2, n, 1e-5f);
    ExpectNear(y, layer, 1e-4);
    LayerNorm(updated.data(), weight.data(), bias.data(), again.data(), 2, n, 1e-5f);
    EXPECT_EQ(again, y);
  }
}

TEST(OpsTest, DotArgMaxAndSums) {
  for (const int64_t n : kSizes) {
    const Vector a = Random(n, 9), b = Random(n, 10);
    double dot = 0;
    for (int64_t i = 0; i < n; ++i) dot += double{a[i]} * double{b[i]};
    EXPECT_NEAR(Dot(a.data(), b.data(), n), dot, 1e-4 * (1 + std::abs(dot)));
    EXPECT_EQ(ArgMax(a.data(), n), std::max_element(a.begin(), a.end()) - a.begin());
    Vector y = a;
    AddInPlace(y.data(), b.data(), n);
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(y[i], a[i] + b[i]);
  }
  const Vector ties = {1, 3, 3, 2}, nothing = {NAN, NAN};
  EXPECT_EQ(ArgMax(ties.data(), 4), 1);
  EXPECT_EQ(ArgMax(nothing.data(), 2), 0);
  Vector rows = {1, 2, 3, 4};
  const Vector bias = {10, 20};
  AddBias(rows.data(), bias.data(), 2, 2);
  EXPECT_EQ(rows, (Vector{11, 22, 13, 24}));
}

}  // namespace
}  // namespace tact
