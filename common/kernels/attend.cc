#include "common/kernels/attend.h"

#include <algorithm>
#include <limits>

#include "common/kernels/bf16.h"
#include "common/kernels/linear.h"
#include "common/kernels/ops.h"
#include "common/kernels/vector_lanes.h"
#include "common/kernels/vector_math.h"

namespace tact {
namespace {

constexpr int kKeys = 8;  // at once, so that their sums hide the latency of an addition

// Where n rows lie: row i begins at rows(i). Ahead(i) is what will be read when row i would be,
// behind the last row too: `next`, whose rows lie alike.
template <typename T>
struct Near {
  const T* base;
  const T* next;
  int64_t stride, n;
  [[gnu::always_inline]] const T* operator()(int64_t i) const { return base + i * stride; }
  [[gnu::always_inline]] const T* Ahead(int64_t i) const {
    return i < n ? base + i * stride : next + (i - n) * stride;
  }
};
struct Scattered {
  const float* base;
  const int64_t* offsets;
  int64_t n;
  [[gnu::always_inline]] const float* operator()(int64_t i) const { return base + offsets[i]; }
  [[gnu::always_inline]] const float* Ahead(int64_t i) const {
    return base + offsets[i < n ? i : n - 1];
  }
};

// Asks for `width` numbers at p, long before they are read: the loops below read faster than a
// core's own guesses fetch, and where values follow keys it has none.
template <typename T>
[[gnu::always_inline]] inline void Prefetch(const T* p, int64_t width) {
  constexpr auto kLine = static_cast<int64_t>(64 / sizeof(T));
  for (int64_t c = 0; c < width; c += kLine) __builtin_prefetch(p + c);
}
// How many rows before: 2 KiB of heads of 64.
template <typename T>
constexpr auto kAhead = static_cast<int64_t>(2048 / (64 * sizeof(T)));

// How many vectors are loaded together.
template <typename T>
constexpr int kPart = sizeof(T) == sizeof(uint16_t) ? 2 : 1;

[[gnu::always_inline]] inline void Load(const float* p, Vector (&x)[1]) { x[0] = At(p); }
// See PackHalves.
[[gnu::always_inline]] inline void Load(const uint16_t* p, Vector (&x)[2]) {
  using Words = int32_t __attribute__((vector_size(4 * kLanes), aligned(2), may_alias));
  const VectorInts words = *reinterpret_cast<const Words*>(p);
  x[0] = __builtin_bit_cast(Vector, words << 16);
  x[1] = __builtin_bit_cast(Vector, words & static_cast<int32_t>(0xffff0000));
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
template <typename T>
[[gnu::always_inline]] inline void DotRows(const float* q, const T* const (&rows)[kKeys], int64_t d,
                                           float scale, float* scores) {
  constexpr int kVectors = kPart<T>;
  Vector sums[kKeys] = {};
  int64_t c = 0;
  for (; c + kVectors * kLanes <= d; c += kVectors * kLanes) {
#pragma GCC unroll 8
    for (int i = 0; i < kKeys; ++i) {
      Vector key[kVectors];
      Load(rows[i] + c, key);
#pragma GCC unroll 2
      for (int e = 0; e < kVectors; ++e) sums[i] += At(q + c + e * kLanes) * key[e];
    }
  }
  SumLanes(sums);
  At(scores) = sums[0] * scale;
  if constexpr (kVectors == 1) {
    for (; c < d; ++c) {
      for (int i = 0; i < kKeys; ++i) scores[i] += scale * q[c] * rows[i][c];
    }
  }
}

template <typename T, typename Rows>
[[gnu::always_inline]] inline void Scores(const float* q, const Rows& keys, int64_t n, int64_t d,
                                          float scale, float* scores) {
  const T* rows[kKeys];
  int64_t j = 0;
  for (; j + kKeys <= n; j += kKeys) {
#pragma GCC unroll 8
    for (int i = 0; i < kKeys; ++i) {
      rows[i] = keys(j + i);
      Prefetch(keys.Ahead(j + i + kAhead<T>), d);
    }
    DotRows(q, rows, d, scale, scores + j);
  }
  if (j == n) return;
  // The last row stands in for those that are missing.
  for (int i = 0; i < kKeys; ++i) rows[i] = keys(std::min(j + i, n - 1));
  float last[kKeys];
  DotRows(q, rows, d, scale, last);
  std::copy_n(last, n - j, scores + j);
}

// out [kVectors * kLanes] = factor * weights V, of the columns from `column` on.
template <int kVectors, typename T, typename Rows>
[[gnu::always_inline]] inline void WeighColumns(const float* weights, const Rows& values, int64_t n,
                                                int64_t column, float factor, float* out) {
  Vector sums[kVectors] = {};
  for (int64_t j = 0; j < n; ++j) {
    const T* row = values(j) + column;
    Prefetch(values.Ahead(j + kAhead<T>) + column, kVectors * kLanes);
    const float weight = weights[j];
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; i += kPart<T>) {
      Vector value[kPart<T>];
      Load(row + i * kLanes, value);
#pragma GCC unroll 2
      for (int e = 0; e < kPart<T>; ++e) sums[i + e] += weight * value[e];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kVectors; ++i) At(out + column + i * kLanes) = sums[i] * factor;
}

template <typename T, typename Rows>
[[gnu::always_inline]] inline void Weigh(const float* weights, const Rows& values, int64_t n,
                                         int64_t d, float factor, float* out) {
  int64_t c = 0;
  for (; c + 8 * kLanes <= d; c += 8 * kLanes) {
    WeighColumns<8, T>(weights, values, n, c, factor, out);
  }
  constexpr int kVectors = kPart<T>;
  for (; c + kVectors * kLanes <= d; c += kVectors * kLanes) {
    WeighColumns<kVectors, T>(weights, values, n, c, factor, out);
  }
  if constexpr (kVectors == 1) {
    for (; c < d; ++c) {
      float sum = 0;
      for (int64_t j = 0; j < n; ++j) sum += weights[j] * values(j)[c];
      out[c] = sum * factor;
    }
  }
}

// One copy of the two loops for each kind of rows and of CPU.
TACT_VECTORISED void ScoresOf(const float* q, const Near<float>& keys, int64_t n, int64_t d,
                              float scale, float* scores) {
  Scores<float>(q, keys, n, d, scale, scores);
}
TACT_VECTORISED void ScoresOf(const float* q, const Scattered& keys, int64_t n, int64_t d,
                              float scale, float* scores) {
  Scores<float>(q, keys, n, d, scale, scores);
}
TACT_VECTORISED void ScoresOf(const float* q, const Near<uint16_t>& keys, int64_t n, int64_t d,
                              float scale, float* scores) {
  Scores<uint16_t>(q, keys, n, d, scale, scores);
}
TACT_VECTORISED void WeighOf(const float* weights, const Near<float>& values, int64_t n, int64_t d,
                             float factor, float* out) {
  Weigh<float>(weights, values, n, d, factor, out);
}
TACT_VECTORISED void WeighOf(const float* weights, const Scattered& values, int64_t n, int64_t d,
                             float factor, float* out) {
  Weigh<float>(weights, values, n, d, factor, out);
}
TACT_VECTORISED void WeighOf(const float* weights, const Near<uint16_t>& values, int64_t n,
                             int64_t d, float factor, float* out) {
  Weigh<uint16_t>(weights, values, n, d, factor, out);
}

template <typename Rows>
void Attend(const float* q, const Rows& keys, const Rows& values, int64_t n, int64_t d, float scale,
            const float* bias, float* scores, float* out) {
  ScoresOf(q, keys, n, d, scale, scores);
  const float sum = ExpScores(scores, bias, n);
  WeighOf(scores, values, n, d, 1.0f / sum, out);
}

}  // namespace

void AttendOne(const float* q, const KeyValues& kv, int64_t d, float scale, const float* bias,
               float* scores, float* out) {
  if (kv.offsets == nullptr) {
    Attend(q, Near<float>{kv.k, kv.v, kv.stride, kv.n}, {kv.v, kv.v, kv.stride, kv.n}, kv.n, d,
           scale, bias, scores, out);
  } else {
    Attend(q, Scattered{kv.k, kv.offsets, kv.n}, {kv.v, kv.offsets, kv.n}, kv.n, d, scale, bias,
           scores, out);
  }
}

void AttendOne(const float* q, const HalfKeyValues& kv, int64_t d, float scale, const float* bias,
               float* scores, float* out) {
  Attend(q, Near<uint16_t>{kv.k, kv.v, d, kv.n}, {kv.v, kv.v, d, kv.n}, kv.n, d, scale, bias,
         scores, out);
}

TACT_VECTORISED void PackHalves(const float* x, uint16_t* y, int64_t n) {
  for (int64_t i = 0; i < n; i += 2 * kLanes) {
    for (int64_t j = 0; j < 2 * kLanes; ++j) {
      y[i + j % kLanes * 2 + j / kLanes] = NumberToBf16(x[i + j]);
    }
  }
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
