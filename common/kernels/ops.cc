#include "common/kernels/ops.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/kernels/vector_math.h"

namespace tact {
namespace {

TACT_REDUCTION float SumOfSquares(const float* x, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

TACT_REDUCTION float Sum(const float* x, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

TACT_REDUCTION float SumOfSquaredDifferences(const float* x, float mean, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

// In lanes by hand: the compiler may not reorder a maximum, because of NaN.
TACT_VECTORISED float Max(const float* x, int64_t n) {
  constexpr int64_t kLanes = 16;
  float best[kLanes];
  std::fill_n(best, kLanes, -std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      best[lane] = x[i + lane] > best[lane] ? x[i + lane] : best[lane];
    }
  }
  for (; i < n; ++i) best[0] = x[i] > best[0] ? x[i] : best[0];
  for (const float value : best) best[0] = value > best[0] ? value : best[0];
  return best[0];
}

// y = exp(x - shift)
TACT_VECTORISED void ExpShifted(const float* x, float shift, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastExp(x[i] - shift);
}

float SumOfExp(const float* x, float shift, int64_t n) {
  constexpr int64_t kBlock = 512;
  float block[kBlock];
  float sum = 0;
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    ExpShifted(x + i, shift, block, count);
    sum += Sum(block, count);
  }
  return sum;
}

TACT_VECTORISED void Scale(float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

TACT_VECTORISED void ScaleByWeight(const float* x, float factor, const float* weight, float* y,
                                   int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor * weight[i];
}

TACT_VECTORISED void ShiftScale(const float* x, float mean, float factor, const float* weight,
                                const float* bias, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

TACT_VECTORISED void AddPair(const float* a, const float* b, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

void RmsNormRow(const float* x, const float* weight, float* y, int64_t n, float eps) {
  const float mean = SumOfSquares(x, n) / static_cast<float>(n);
  ScaleByWeight(x, 1.0f / std::sqrt(mean + eps), weight, y, n);
}

void LayerNormRow(const float* x, const float* weight, const float* bias, float* y, int64_t n,
                  float eps) {
  const float mean = Sum(x, n) / static_cast<float>(n);
  const float variance = SumOfSquaredDifferences(x, mean, n) / static_cast<float>(n);
  ShiftScale(x, mean, 1.0f / std::sqrt(variance + eps), weight, bias, y, n);
}

// dx = factor * (dy * weight) - x * shift
TACT_VECTORISED void RmsNormInputGradient(const float* x, const float* weight, const float* dy,
                                          float factor, float shift, float* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dx[i] = factor * dy[i] * weight[i] - x[i] * shift;
}

// sum(x * weight * dy)
TACT_REDUCTION float DotOfThree(const float* x, const float* weight, const float* dy, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i] * weight[i] * dy[i];
  return sum;
}

// y += factor * a * b
TACT_VECTORISED void AddScaledProduct(float* y, float factor, const float* a, const float* b,
                                      int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * a[i] * b[i];
}

// y = p * (y - shift)
TACT_VECTORISED void ShiftMultiply(const float* p, float shift, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = p[i] * (y[i] - shift);
}

}  // namespace

void RmsNormBackward(const float* x, const float* weight, const float* dy, float* dx,
                     float* weight_gradient, int64_t rows, int64_t dim, float eps) {
  const float size = static_cast<float>(dim);
  for (int64_t r = 0; r < rows; ++r) {
    const float *x_row = x + r * dim, *dy_row = dy + r * dim;
    const float factor = 1.0f / std::sqrt(SumOfSquares(x_row, dim) / size + eps);
    if (weight_gradient != nullptr) AddScaledProduct(weight_gradient, factor, x_row, dy_row, dim);
    const float shift = factor * factor * factor * DotOfThree(x_row, weight, dy_row, dim) / size;
    RmsNormInputGradient(x_row, weight, dy_row, factor, shift, dx + r * dim, dim);
  }
}

void SoftmaxGradient(const float* p, float* dy, int64_t n) {
  ShiftMultiply(p, Dot(p, dy, n), dy, n);
}

void RmsNorm(const float* x, const float* weight, float* y, int64_t rows, int64_t dim, float eps) {
  for (int64_t r = 0; r < rows; ++r) RmsNormRow(x + r * dim, weight, y + r * dim, dim, eps);
}

void AddRmsNorm(float* residual, const float* x, const float* weight, float* y, int64_t rows,
                int64_t dim, float eps) {
  for (int64_t r = 0; r < rows; ++r) {
    AddInPlace(residual + r * dim, x + r * dim, dim);
    RmsNormRow(residual + r * dim, weight, y + r * dim, dim, eps);
  }
}

void LayerNorm(const float* x, const float* weight, const float* bias, float* y, int64_t rows,
               int64_t dim, float eps) {
  for (int64_t r = 0; r < rows; ++r) {
    LayerNormRow(x + r * dim, weight, bias, y + r * dim, dim, eps);
  }
}

void AddLayerNorm(const float* x, const float* residual, const float* weight, const float* bias,
                  float* y, int64_t rows, int64_t dim, float eps) {
  for (int64_t r = 0; r < rows; ++r) {
    float* row = y + r * dim;
    AddPair(x + r * dim, residual + r * dim, row, dim);
    LayerNormRow(row, weight, bias, row, dim, eps);
  }
}

TACT_VECTORISED void Multiply(const float* a, const float* b, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
}

TACT_VECTORISED void AddInPlace(float* y, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

void AddBias(float* y, const float* bias, int64_t rows, int64_t dim) {
  for (int64_t r = 0; r < rows; ++r) AddInPlace(y + r * dim, bias, dim);
}

TACT_VECTORISED void Relu(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : 0;
}

TACT_VECTORISED void Gelu(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastGelu(x[i]);
}

TACT_VECTORISED void GeluNew(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastGeluNew(x[i]);
}

TACT_VECTORISED void Tanh(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastTanh(x[i]);
}

TACT_VECTORISED void GeluNewGate(const float* gate, const float* linear, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastGeluNew(gate[i]) * linear[i];
}

// With s = sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3): gelu = x s and gelu' = s + x s (1 - s)
// 2 u'.
TACT_VECTORISED void GeluNewGateBackward(const float* gate, const float* linear, const float* dy,
                                         float* d_gate, float* d_linear, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float x = gate[i], given = dy[i], factor = linear[i];
    const float s = FastGeluNewSigmoid(x);
    const float slope = 1.5957691216057308f * (1.0f + 3.0f * 0.044715f * x * x);
    d_linear[i] = given * x * s;
    d_gate[i] = given * factor * (s + x * s * (1.0f - s) * slope);
  }
}

void GeluNewGateRows(const float* x, float* y, int64_t rows, int64_t dim) {
  for (int64_t r = 0; r < rows; ++r) {
    GeluNewGate(x + 2 * r * dim, x + (2 * r + 1) * dim, y + r * dim, dim);
  }
}

float ExpScores(float* x, const float* bias, int64_t n) {
  if (bias != nullptr) AddInPlace(x, bias, n);
  ExpShifted(x, Max(x, n), x, n);
  return Sum(x, n);
}

void Softmax(float* x, const float* bias, int64_t n) { Scale(x, 1.0f / ExpScores(x, bias, n), n); }

float LogSumExp(const float* x, int64_t n) {
  const float max = Max(x, n);
  return max + std::log(SumOfExp(x, max, n));
}

TACT_VECTORISED void LogSoftmax(const float* x, float* y, int64_t n) {
  const float shift = LogSumExp(x, n);
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - shift;
}

int64_t ArgMax(const float* x, int64_t n) {
  const float max = Max(x, n);
  const int64_t index = std::find(x, x + n, max) - x;
  return index == n ? 0 : index;  // all NaN: nothing equals the maximum
}

TACT_REDUCTION float Dot(const float* a, const float* b, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace tact
