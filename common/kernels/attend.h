// Attention of one head for inference: one query against keys that lie in a cache, or the queries
// of an encoder. Single-threaded and allocation-free.
#ifndef TACT_COMMON_KERNELS_ATTEND_H_
#define TACT_COMMON_KERNELS_ATTEND_H_

#include <cstdint>

namespace tact {

// Keys and values of one head. Row i is at k + i * stride and v + i * stride, or, where `offsets`
// are given, at k + offsets[i] and v + offsets[i]; all in floats. Fastest where rows are
// contiguous.
struct KeyValues {
  const float* k;
  const float* v;
  int64_t stride;
  int64_t n;                         // how many rows, >= 1
  const int64_t* offsets = nullptr;  // [n]
};

// One query of one head: out [d] = softmax(scale * q K^T + bias) V. T5 takes scale 1.
// `bias` [n] may be null; `scores` [n] is scratch. Where d is a multiple of 8, what comes out does
// not depend on where the rows lie, to the bit.
void AttendOne(const float* q /*[d]*/, const KeyValues& kv, int64_t d, float scale,
               const float* bias, float* scores, float* out);

// Rows [n, d] that PackHalves has made, for d a multiple of 16: half the memory to read, which is
// what a batch of many prompts waits for.
struct HalfKeyValues {
  const uint16_t* k;
  const uint16_t* v;
  int64_t n;
};
void AttendOne(const float* q, const HalfKeyValues& kv, int64_t d, float scale, const float* bias,
               float* scores, float* out);

// Rounds x [n] to bfloat16, the upper halves of floats (to nearest, ties to even; x is finite), n a
// multiple of 16. Of each 16 numbers the order is 0 8 1 9 ... 7 15: a shift and a mask of eight
// 32-bit words then give back two runs of eight.
void PackHalves(const float* x, uint16_t* y, int64_t n);

// m queries of one head, as in an encoder: rows of q and out are `q_stride` and `out_stride` floats
// apart; `bias` [m, n] with rows `bias_stride` apart (0 shares one row) may be null; `scores` [m,
// n] is scratch. `kv` has no offsets.
void AttendMany(const float* q, int64_t q_stride, int64_t m, const KeyValues& kv, int64_t d,
                float scale, const float* bias, int64_t bias_stride, float* scores, float* out,
                int64_t out_stride);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_ATTEND_H_
