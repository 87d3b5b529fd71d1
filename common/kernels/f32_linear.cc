// PackedLinear's f32 kernels: oneDNN where the CPU has AVX-512, else panels.
#include "common/kernels/cpu.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/onednn_linear.h"
#include "common/kernels/panel_weights.h"

namespace tact {
namespace {

struct F32Format {
  using Element = float;
  static int64_t Place(int64_t output) { return output; }
  static float Narrow(float weight) { return weight; }
  static auto Kernel() { return BestPanels().f32; }
};

class F32OneDnn final : public LinearKernel {
 public:
  F32OneDnn(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        product_({kF32, kF32, kF32}, AllRows(weight, out, in).data(), this->bias(), out, in) {}

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    product_.Forward(x, y, m, accumulate);
  }
  size_t weight_bytes() const override { return product_.weight_bytes(); }

 private:
  static constexpr auto kF32 = dnnl::memory::data_type::f32;

  OneDnnLinear product_;
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeF32Kernel(const WeightRows& weight, const float* bias,
                                                  int64_t out, int64_t in) {
  if (GetCpuFeatures().avx512) return std::make_unique<F32OneDnn>(weight, bias, out, in);
  return std::make_unique<FloatPanels<F32Format>>(weight, bias, out, in);
}

}  // namespace tact
