// bfloat16: the upper half of a float.
#ifndef TACT_COMMON_KERNELS_BF16_H_
#define TACT_COMMON_KERNELS_BF16_H_

#include <bit>
#include <cstdint>

namespace tact {

// Nearest, ties to even, of a number that is not NaN.
inline uint16_t NumberToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The same of any value; NaN stays one.
inline uint16_t ToBf16(float value) {
  if (value == value) return NumberToBf16(value);
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16 | 0x40);
}

inline float FromBf16(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_BF16_H_
