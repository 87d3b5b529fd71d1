// PackedLinear's bfloat16 kernel for any CPU: weights are held in 16 bits and widened to f32 panel
// by panel, so that it halves the memory of weights; it does not use bfloat16 instructions.
#include <dnnl.h>

#include <algorithm>
#include <bit>

#include "common/kernels/linear_kernel.h"

namespace tact {
namespace {

// Outputs that are widened at a time.
constexpr int64_t kPanel = 128;

// Nearest, ties to even; NaN stays one.
uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (value != value) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float FromBf16(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

class Bf16Kernel final : public LinearKernel {
 public:
  Bf16Kernel(const float* weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in), weight_(static_cast<size_t>(out * in)) {
    std::transform(weight, weight + out * in, weight_.begin(), ToBf16);
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    if (m == 0) return;
    const ScopedThreads threads(m * in() * out());
    float* rounded = ThreadBuffer<float, Input>(static_cast<size_t>(m * in()));
    std::transform(x, x + m * in(), rounded, [](float v) { return FromBf16(ToBf16(v)); });
    float* panel = ThreadBuffer<float, Panel>(static_cast<size_t>(kPanel * in()));
    for (int64_t first = 0; first < out(); first += kPanel) {
      const int64_t count = std::min(kPanel, out() - first);
      Widen(first, count, panel);
      dnnl_sgemm('N', 'T', m, count, in(), 1.0f, rounded, in(), panel, in(), accumulate ? 1.0f : 0,
                 y + first, out());
    }
    AddBias(y, m);
  }
  size_t weight_bytes() const override { return weight_.size() * sizeof(uint16_t); }

 private:
  struct Input;
  struct Panel;

  void Widen(int64_t first, int64_t count, float* panel) const {
    const uint16_t* source = weight_.data() + first * in();
#pragma omp parallel for
    for (int64_t row = 0; row < count; ++row) {
      std::transform(source + row * in(), source + (row + 1) * in(), panel + row * in(), FromBf16);
    }
  }
  void AddBias(float* y, int64_t m) const {
    if (bias() == nullptr) return;
    for (int64_t row = 0; row < m; ++row) {
      for (int64_t i = 0; i < out(); ++i) y[row * out() + i] += bias()[i];
    }
  }

  std::vector<uint16_t> weight_;  // [out, in]
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeBf16Kernel(const float* weight, const float* bias,
                                                   int64_t out, int64_t in) {
  return std::make_unique<Bf16Kernel>(weight, bias, out, in);
}

}  // namespace tact
