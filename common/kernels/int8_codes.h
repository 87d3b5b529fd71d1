// Weights as int8: a row's codes and their one scale, w = scale * code.
#ifndef TACT_COMMON_KERNELS_INT8_CODES_H_
#define TACT_COMMON_KERNELS_INT8_CODES_H_

#include <cstdint>

namespace tact {

inline constexpr int32_t kGreatestWeightCode = 127;

// codes [size] = round(weights / scale) with the greatest |code| 127; returns the scale: 0 where
// all weights are 0, not finite where one is not.
float QuantizeWeights(const float* weights, int64_t size, int8_t* codes);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_INT8_CODES_H_
