#include "common/kernels/int8_codes.h"

#include <algorithm>

#include "common/kernels/linear_kernel.h"
#include "common/kernels/panels.h"

namespace tact {

float QuantizeWeights(const float* weights, int64_t size, int8_t* codes) {
  struct Wide;
  int16_t* wide = ThreadBuffer<int16_t, Wide>(static_cast<size_t>(size));
  const float scale = BestPanels().quantize(weights, size, kGreatestWeightCode, wide);
  std::copy_n(wide, size, codes);
  return scale;
}

}  // namespace tact
