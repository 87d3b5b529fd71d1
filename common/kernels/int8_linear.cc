// PackedLinear's int8 kernel: integer products by oneDNN, scales for each output of the weight and
// for each row of the input.
#include <dnnl.h>

#include <algorithm>
#include <cmath>

#include "common/kernels/cpu.h"
#include "common/kernels/linear_kernel.h"

namespace tact {
namespace {

constexpr int64_t kRows = 256;  // at a time; bounds the buffers

// x = scale * (code - zero)
struct RowCode {
  float scale;
  int32_t zero;
};

// Codes 0 to `levels` for the range of the row, zero included.
RowCode QuantizeRow(const float* x, int64_t size, int32_t levels, uint8_t* codes) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < size; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  const float scale = high > low ? (high - low) / static_cast<float>(levels) : 1.0f;
  const float inverse = 1.0f / scale;
  const auto zero = static_cast<int32_t>(std::lrintf(-low * inverse));
  for (int64_t i = 0; i < size; ++i) {
    const auto code = static_cast<int32_t>(std::nearbyintf(x[i] * inverse)) + zero;
    codes[i] = static_cast<uint8_t>(std::clamp(code, 0, levels));
  }
  return {scale, zero};
}

class Int8Kernel final : public LinearKernel {
 public:
  Int8Kernel(const float* weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        levels_(GetCpuFeatures().avx512_vnni ? 255 : 127),
        codes_(static_cast<size_t>(out * in)),
        scales_(static_cast<size_t>(out)),
        sums_(static_cast<size_t>(out)) {
    for (int64_t row = 0; row < out; ++row) QuantizeOutput(weight + row * in, row);
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    for (; m > 0; m -= kRows, x += kRows * in(), y += kRows * out()) {
      ForwardBlock(x, y, std::min(m, kRows), accumulate);
    }
  }
  size_t weight_bytes() const override {
    return codes_.size() + scales_.size() * sizeof(float) + sums_.size() * sizeof(int32_t);
  }

 private:
  struct Input;
  struct Sums;
  struct Rows;

  void QuantizeOutput(const float* weight, int64_t row) {
    float greatest = 0;
    for (int64_t i = 0; i < in(); ++i) greatest = std::max(greatest, std::abs(weight[i]));
    const float scale = greatest > 0 ? greatest / 127.0f : 1.0f;
    int32_t sum = 0;
    for (int64_t i = 0; i < in(); ++i) {
      const auto code = static_cast<int8_t>(std::nearbyintf(weight[i] / scale));
      codes_[static_cast<size_t>(row * in() + i)] = code;
      sum += code;
    }
    scales_[static_cast<size_t>(row)] = scale;
    sums_[static_cast<size_t>(row)] = sum;
  }

  void ForwardBlock(const float* x, float* y, int64_t m, bool accumulate) const {
    const ScopedThreads threads(m * in() * out());
    uint8_t* codes = ThreadBuffer<uint8_t, Input>(static_cast<size_t>(m * in()));
    RowCode* rows = ThreadBuffer<RowCode, Rows>(static_cast<size_t>(m));
    for (int64_t row = 0; row < m; ++row) {
      rows[row] = QuantizeRow(x + row * in(), in(), levels_, codes + row * in());
    }
    int32_t* sums = ThreadBuffer<int32_t, Sums>(static_cast<size_t>(m * out()));
    const int32_t no_offset = 0;
    dnnl_gemm_u8s8s32('N', 'T', 'F', m, out(), in(), 1.0f, codes, in(), 0, codes_.data(), in(), 0,
                      0.0f, sums, out(), &no_offset);
#pragma omp parallel for if (m * out() > 65536)
    for (int64_t row = 0; row < m; ++row) {
      Dequantize(rows[row], sums + row * out(), y + row * out(), accumulate);
    }
  }

  void Dequantize(const RowCode& code, const int32_t* sums, float* y, bool accumulate) const {
    for (int64_t i = 0; i < out(); ++i) {
      const auto exact = static_cast<float>(sums[i] - code.zero * sums_[static_cast<size_t>(i)]);
      float value = exact * code.scale * scales_[static_cast<size_t>(i)];
      if (bias() != nullptr) value += bias()[i];
      y[i] = accumulate ? y[i] + value : value;
    }
  }

  const int32_t levels_;       // greatest code of an input
  std::vector<int8_t> codes_;  // [out, in]
  std::vector<float> scales_;  // [out]
  std::vector<int32_t> sums_;  // [out], of the codes of each output
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeInt8Kernel(const float* weight, const float* bias,
                                                   int64_t out, int64_t in) {
  return std::make_unique<Int8Kernel>(weight, bias, out, in);
}

}  // namespace tact
