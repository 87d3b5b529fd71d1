// PackedLinear's f32 kernels: oneDNN where the CPU has AVX-512, else panels.
#include "common/kernels/cpu.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/onednn_linear.h"
#include "common/kernels/panel_weights.h"
#include "common/kernels/weight_memory.h"

namespace tact {
namespace {

class F32Panels final : public LinearKernel {
 public:
  F32Panels(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        panels_(static_cast<size_t>(PanelsOf(out) * kPanelWidth * in)) {
    ForEachPanel(weight, out, in, [this](int64_t panel, const float* rows, int64_t count) {
      Pack(rows, count, panels_.data() + panel * PanelStride());
    });
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    RunPanels(BestPanels().f32, F32Product{x, in(), m, in(), panels_.data(), PanelStride(), y,
                                           out(), out(), bias(), accumulate});
  }
  size_t weight_bytes() const override { return panels_.bytes(); }

 private:
  int64_t PanelStride() const { return kPanelWidth * in(); }

  void Pack(const float* rows, int64_t count, float* panel) const {
    for (int64_t k = 0; k < in(); ++k) {
      for (int64_t j = 0; j < count; ++j) panel[k * kPanelWidth + j] = rows[j * in() + k];
    }
  }

  WeightArray<float> panels_;
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
  return std::make_unique<F32Panels>(weight, bias, out, in);
}

}  // namespace tact
