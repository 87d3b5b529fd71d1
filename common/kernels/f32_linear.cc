// PackedLinear in f32.
#include "common/kernels/linear_kernel.h"
#include "common/kernels/panel_weights.h"

namespace tact {
namespace {

struct F32Format {
  using Element = float;
  static int64_t Place(int64_t output) { return output; }
  static float Narrow(float weight) { return weight; }
  static auto Kernel() { return BestPanels().f32; }
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeF32Kernel(const WeightRows& weight, const float* bias,
                                                  int64_t out, int64_t in) {
  return std::make_unique<FloatPanels<F32Format>>(weight, bias, out, in);
}

}  // namespace tact
