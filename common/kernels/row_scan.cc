#include "common/kernels/row_scan.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "common/kernels/vector_lanes.h"
#include "common/kernels/vector_math.h"

namespace tact {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
constexpr int32_t kExponent = 0x7f800000;

TACT_VECTORISED void ExpBlock(const float* x, float max, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = FastExp(x[i] - max);
}

TACT_REDUCTION float SumOf(const float* x, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

// best [2 * kLanes] <- the greatest of each lane, for n a multiple of 2 * kLanes; or'ed into
// `broken` [kLanes]: lanes with a value that is not finite.
TACT_VECTORISED void MaxOfLanes(const float* x, int64_t n, float* best, int32_t* broken) {
  Vector a = At(x), b = At(x + kLanes);
  VectorInts bad = {};
  for (int64_t i = 0; i < n; i += 2 * kLanes) {
    const Vector c = At(x + i), d = At(x + i + kLanes);
    a = c > a ? c : a;
    b = d > b ? d : b;
    bad |= (__builtin_bit_cast(VectorInts, c) & kExponent) == kExponent;
    bad |= (__builtin_bit_cast(VectorInts, d) & kExponent) == kExponent;
  }
  At(best) = a;
  At(best + kLanes) = b;
  for (int64_t lane = 0; lane < kLanes; ++lane) broken[lane] = bad[lane];
}

// The greatest of each group of 16 scores that are kLanes apart, for n a multiple of 128.
TACT_VECTORISED void GroupMaxima(const float* x, int64_t n, float* maxima) {
  for (int64_t i = 0; i < n; i += 16 * kLanes, maxima += kLanes) {
    Vector best = At(x + i);
    for (int64_t j = 1; j < 16; ++j) {
      const Vector next = At(x + i + j * kLanes);
      best = next > best ? next : best;
    }
    At(maxima) = best;
  }
}

// Whether one of x [8 * kLanes] is >= bound.
TACT_VECTORISED bool AnyAtLeast(const float* x, float bound) {
  VectorInts any = {};
  for (int64_t i = 0; i < 8; ++i) any |= At(x + i * kLanes) >= bound;
  int32_t found = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) found |= any[lane];
  return found != 0;
}

}  // namespace

RowMax FindMax(const float* x, int64_t n) {
  float best[2 * kLanes] = {kMinusInfinity};
  int32_t broken[kLanes] = {};
  const int64_t whole = n / (2 * kLanes) * (2 * kLanes);
  if (whole > 0) MaxOfLanes(x, whole, best, broken);
  float max = whole > 0 ? *std::max_element(best, best + 2 * kLanes) : kMinusInfinity;
  bool finite = std::count(broken, broken + kLanes, 0) == kLanes;
  for (int64_t i = whole; i < n; ++i) {
    max = x[i] > max ? x[i] : max;
    finite = finite && (std::bit_cast<int32_t>(x[i]) & kExponent) != kExponent;
  }
  return {max, finite};
}

double SumExpBlocks(const float* x, float max, int64_t n, double* sums) {
  float block[kExpBlock];
  double total = 0;
  for (int64_t i = 0; i < n; i += kExpBlock) {
    const int64_t count = std::min(kExpBlock, n - i);
    ExpBlock(x + i, max, block, count);
    sums[i / kExpBlock] = SumOf(block, count);
    total += sums[i / kExpBlock];
  }
  return total;
}

int64_t FindPassing(const float* x, float max, int64_t n, const double* sums, double target) {
  int64_t at = 0, last = 0;  // block, its number where the target falls; last that is not empty
  double before = 0;
  for (const int64_t blocks = ExpBlocks(n); at < blocks && before + sums[at] <= target; ++at) {
    if (sums[at] > 0) last = at;
    before += sums[at];
  }
  if (at == ExpBlocks(n)) at = last;
  float block[kExpBlock];
  const int64_t begin = at * kExpBlock, count = std::min(kExpBlock, n - begin);
  ExpBlock(x + begin, max, block, count);
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (block[i] <= 0) continue;
    found = i;
    before += block[i];
    if (before > target) break;
  }
  return begin + found;
}

float TopBound(const float* x, int64_t n, int64_t count, float* work) {
  const int64_t whole = n / (16 * kLanes) * (16 * kLanes);
  GroupMaxima(x, whole, work);
  float* end = std::copy(x + whole, x + n, work + whole / 16);
  if (count > end - work) return kMinusInfinity;
  std::nth_element(work, work + count - 1, end, std::greater<>());
  return work[count - 1];
}

int64_t IndicesAtLeast(const float* x, int64_t n, float bound, int32_t* indices) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += 8 * kLanes) {
    const int64_t end = std::min(n, i + 8 * kLanes);
    if (end - i == 8 * kLanes && !AnyAtLeast(x + i, bound)) continue;
    for (int64_t j = i; j < end; ++j) {
      indices[count] = static_cast<int32_t>(j);  // kept only if the next line counts it
      count += x[j] >= bound ? 1 : 0;
    }
  }
  return count;
}

}  // namespace tact
