// PackedLinear's bfloat16 kernels: oneDNN where the CPU multiplies bfloat16, else panels in 16 bits
// that are widened to f32 on the way.
#include <algorithm>
#include <vector>

#include "common/kernels/bf16.h"
#include "common/kernels/cpu.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/onednn_linear.h"
#include "common/kernels/panel_weights.h"

namespace tact {
namespace {

struct Bf16Format {
  using Element = uint16_t;
  static int64_t Place(int64_t output) { return output < 8 ? 2 * output : 2 * (output - 8) + 1; }
  static uint16_t Narrow(float weight) { return ToBf16(weight); }
  static auto Kernel() { return BestPanels().bf16; }
};

class Bf16OneDnn final : public LinearKernel {
 public:
  Bf16OneDnn(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        product_({kBf16, kBf16, kF32}, Rounded(weight, out, in).data(), this->bias(), out, in) {}

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    struct Input;
    uint16_t* rounded = ThreadBuffer<uint16_t, Input>(static_cast<size_t>(m * in()));
    std::transform(x, x + m * in(), rounded, ToBf16);
    product_.Forward(rounded, y, m, accumulate);
  }
  size_t weight_bytes() const override { return product_.weight_bytes(); }

 private:
  static constexpr auto kF32 = dnnl::memory::data_type::f32;
  static constexpr auto kBf16 = dnnl::memory::data_type::bf16;

  static std::vector<uint16_t> Rounded(const WeightRows& weight, int64_t out, int64_t in) {
    std::vector<uint16_t> all(static_cast<size_t>(out * in));
    ForEachPanel(weight, out, in, [&](int64_t panel, const float* rows, int64_t count) {
      std::transform(rows, rows + count * in, all.begin() + panel * kPanelWidth * in, ToBf16);
    });
    return all;
  }

  OneDnnLinear product_;
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeBf16Kernel(const WeightRows& weight, const float* bias,
                                                   int64_t out, int64_t in) {
  if (GetCpuFeatures().avx512_bf16) return std::make_unique<Bf16OneDnn>(weight, bias, out, in);
  return std::make_unique<FloatPanels<Bf16Format>>(weight, bias, out, in);
}

}  // namespace tact
