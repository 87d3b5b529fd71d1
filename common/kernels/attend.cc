#include "common/kernels/attend.h"

#include <algorithm>
#include <limits>

#include "common/kernels/linear.h"
#include "common/kernels/ops.h"
#include "common/kernels/vector_lanes.h"
#include "common/kernels/vector_math.h"

namespace tact {
namespace {

constexpr int kKeys = 8;  // at once, so that their sums hide the latency of an addition

template <bool kScattered>
[[gnu::always_inline]] inline const float* Row(const float* base, const KeyValues& kv, int64_t i) {
  return base + (kScattered ? kv.offsets[i] : i * kv.stride);
}

// sums[0] <- the sums of the lanes of all eight.
[[gnu::always_inline]] inline void SumLanes(Vector (&sums)[kKeys]) {
  constexpr VectorInts kLow = {0, 8, 1, 9, 4, 12, 5, 13}, kHigh = {2, 10, 3, 11, 6, 14, 7, 15};
  constexpr VectorInts kEven = {0, 1, 8, 9, 4, 5, 12, 13}, kOdd = {2, 3, 10, 11, 6, 7, 14, 15};
  constexpr VectorInts kFirst = {0, 1, 2, 3, 8, 9, 10, 11}, kLast = {4, 5, 6, 7, 12, 13, 14, 15};
  Vector pairs[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    pairs[i] = __builtin_shuffle(sums[2 * i], sums[2 * i + 1], kLow) +
               __builtin_shuffle(sums[2 * i], sums[2 * i + 1], kHigh);
  }
  const Vector a =
      __builtin_shuffle(pairs[0], pairs[1], kEven) + __builtin_shuffle(pairs[0], pairs[1], kOdd);
  const Vector b =
      __builtin_shuffle(pairs[2], pairs[3], kEven) + __builtin_shuffle(pairs[2], pairs[3], kOdd);
  sums[0] = __builtin_shuffle(a, b, kFirst) + __builtin_shuffle(a, b, kLast);
}

// scores [kKeys] <- scale * q . rows.
[[gnu::always_inline]] inline void DotRows(const float* q, const float* const (&rows)[kKeys],
                                           int64_t d, float scale, float* scores) {
  Vector sums[kKeys] = {};
  int64_t c = 0;
  for (; c + kLanes <= d; c += kLanes) {
    const Vector x = At(q + c);
#pragma GCC unroll 8
    for (int i = 0; i < kKeys; ++i) sums[i] += x * At(rows[i] + c);
  }
  SumLanes(sums);
  At(scores) = sums[0] * scale;
  for (; c < d; ++c) {
    for (int i = 0; i < kKeys; ++i) scores[i] += scale * q[c] * rows[i][c];
  }
}

template <bool kScattered>
[[gnu::always_inline]] inline void Scores(const float* q, const KeyValues& kv, int64_t d,
                                          float scale, float* scores) {
  const float* rows[kKeys];
  int64_t j = 0;
  for (; j + kKeys <= kv.n; j += kKeys) {
#pragma GCC unroll 8
    for (int i = 0; i < kKeys; ++i) rows[i] = Row<kScattered>(kv.k, kv, j + i);
    DotRows(q, rows, d, scale, scores + j);
  }
  if (j == kv.n) return;
  // The last row stands in for those that are missing.
  for (int i = 0; i < kKeys; ++i) rows[i] = Row<kScattered>(kv.k, kv, std::min(j + i, kv.n - 1));
  float last[kKeys];
  DotRows(q, rows, d, scale, last);
  std::copy_n(last, kv.n - j, scores + j);
}

TACT_VECTORISED void NearScores(const float* q, const KeyValues& kv, int64_t d, float scale,
                                float* scores) {
  Scores<false>(q, kv, d, scale, scores);
}
TACT_VECTORISED void ScatteredScores(const float* q, const KeyValues& kv, int64_t d, float scale,
                                     float* scores) {
  Scores<true>(q, kv, d, scale, scores);
}

// out [kVectors * kLanes] = factor * weights V, of the columns from `column` on.
template <bool kScattered, int kVectors>
[[gnu::always_inline]] inline void WeighColumns(const float* weights, const KeyValues& kv,
                                                int64_t column, float factor, float* out) {
  Vector sums[kVectors] = {};
  for (int64_t j = 0; j < kv.n; ++j) {
    const float* row = Row<kScattered>(kv.v, kv, j) + column;
    const float weight = weights[j];
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; ++i) sums[i] += weight * At(row + i * kLanes);
  }
#pragma GCC unroll 8
  for (int i = 0; i < kVectors; ++i) At(out + column + i * kLanes) = sums[i] * factor;
}

template <bool kScattered>
[[gnu::always_inline]] inline void Weigh(const float* weights, const KeyValues& kv, int64_t d,
                                         float factor, float* out) {
  int64_t c = 0;
  for (; c + 8 * kLanes <= d; c += 8 * kLanes) {
    WeighColumns<kScattered, 8>(weights, kv, c, factor, out);
  }
  for (; c + kLanes <= d; c += kLanes) WeighColumns<kScattered, 1>(weights, kv, c, factor, out);
  for (; c < d; ++c) {
    float sum = 0;
    for (int64_t j = 0; j < kv.n; ++j) sum += weights[j] * Row<kScattered>(kv.v, kv, j)[c];
    out[c] = sum * factor;
  }
}

TACT_VECTORISED void WeighNear(const float* weights, const KeyValues& kv, int64_t d, float factor,
                               float* out) {
  Weigh<false>(weights, kv, d, factor, out);
}
TACT_VECTORISED void WeighScattered(const float* weights, const KeyValues& kv, int64_t d,
                                    float factor, float* out) {
  Weigh<true>(weights, kv, d, factor, out);
}

}  // namespace

void AttendOne(const float* q, const KeyValues& kv, int64_t d, float scale, const float* bias,
               float* scores, float* out) {
  const bool scattered = kv.offsets != nullptr;
  (scattered ? ScatteredScores : NearScores)(q, kv, d, scale, scores);
  const float sum = ExpScores(scores, bias, kv.n);
  (scattered ? WeighScattered : WeighNear)(scores, kv, d, 1.0f / sum, out);
}

void AttendMany(const float* q, int64_t q_stride, int64_t m, const KeyValues& kv, int64_t d,
                float scale, const float* bias, int64_t bias_stride, float* scores, float* out,
                int64_t out_stride) {
  Gemm({q, q_stride}, {kv.k, kv.stride}, scores, kv.n, m, kv.n, d, false, true, scale);
  for (int64_t i = 0; i < m; ++i) {
    Softmax(scores + i * kv.n, bias == nullptr ? nullptr : bias + i * bias_stride, kv.n);
  }
  Gemm({scores, kv.n}, {kv.v, kv.stride}, out, out_stride, m, d, kv.n, false, false);
}

}  // namespace tact
