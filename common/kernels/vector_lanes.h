// Eight floats as one value, for loops that the compiler does not vectorise by itself. Functions
// that use it carry TACT_VECTORISED; where the CPU has narrower registers it takes several.
#ifndef TACT_COMMON_KERNELS_VECTOR_LANES_H_
#define TACT_COMMON_KERNELS_VECTOR_LANES_H_

#include <cstdint>

namespace tact {

constexpr int64_t kLanes = 8;
using Vector = float __attribute__((vector_size(4 * kLanes)));
using VectorInts = int32_t __attribute__((vector_size(4 * kLanes)));

// kLanes floats at p, which need not be aligned. By reference, since how vectors are passed by
// value depends on the CPU that a function is compiled for.
using UnalignedVector = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
[[gnu::always_inline]] inline const UnalignedVector& At(const float* p) {
  return *reinterpret_cast<const UnalignedVector*>(p);
}
[[gnu::always_inline]] inline UnalignedVector& At(float* p) {
  return *reinterpret_cast<UnalignedVector*>(p);
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_VECTOR_LANES_H_
