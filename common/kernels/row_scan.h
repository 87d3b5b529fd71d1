// What choosing a token reads from a row of scores [n], each in one pass. Scores may be minus
// infinity, which exp makes 0; never NaN, but in FindMax. Single-threaded and allocation-free.
#ifndef TACT_COMMON_KERNELS_ROW_SCAN_H_
#define TACT_COMMON_KERNELS_ROW_SCAN_H_

#include <cstdint>

namespace tact {

struct RowMax {
  float value;  // the greatest; of no meaning where `finite` is false because of NaN
  bool finite;  // no NaN and no infinity
};
RowMax FindMax(const float* x, int64_t n);

// The sum of exp(x - max) in doubles, with what each block of kExpBlock scores adds to it, so that
// a draw need not add up the row again. `max` is the greatest score.
inline constexpr int64_t kExpBlock = 512;
inline int64_t ExpBlocks(int64_t n) { return (n + kExpBlock - 1) / kExpBlock; }
double SumExpBlocks(const float* x, float max, int64_t n, double* sums /*[ExpBlocks(n)]*/);

// The first index at which the sum of exp(x - max) from the left passes `target`; the last one that
// is not 0 where rounding keeps it from passing.
int64_t FindPassing(const float* x, float max, int64_t n, const double* sums, double target);

// A bound that at least `count` scores reach, and few others where `count` is far below n / 16.
// `work` [TopBoundWork(n)] is scratch.
inline int64_t TopBoundWork(int64_t n) { return n / 16 + 128; }
float TopBound(const float* x, int64_t n, int64_t count, float* work);

// Writes the indices of scores >= bound in ascending order; returns how many.
int64_t IndicesAtLeast(const float* x, int64_t n, float bound, int32_t* indices /*[n]*/);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_ROW_SCAN_H_
