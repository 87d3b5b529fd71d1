// PackedLinear's int8 kernels: 8 bits times 8 by oneDNN where the CPU has VNNI, else panels that
// are multiplied with inputs of up to 16 bits, which cost no more there and leave hardly an error.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "common/kernels/cpu.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/onednn_linear.h"
#include "common/kernels/panel_weights.h"
#include "common/kernels/weight_memory.h"

namespace tact {
namespace {

constexpr int32_t kGreatestWeight = 127;

// Codes [size] of one output's weights; returns what a code is to be multiplied with.
float QuantizeWeights(const float* weights, int64_t size, int8_t* codes) {
  struct Wide;
  int16_t* wide = ThreadBuffer<int16_t, Wide>(static_cast<size_t>(size));
  const float scale = BestPanels().quantize(weights, size, kGreatestWeight, wide);
  std::copy_n(wide, size, codes);
  return scale;
}

class Int8Panels final : public LinearKernel {
 public:
  Int8Panels(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        depth_(in + in % 2),
        levels_(Levels(in)),
        panels_(static_cast<size_t>(PanelsOf(out) * kPanelWidth * depth_)),
        scales_(static_cast<size_t>(PanelsOf(out) * kPanelWidth)) {
    ForEachPanel(weight, out, in, [this](int64_t panel, const float* rows, int64_t count) {
      Pack(rows, count, panel);
    });
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    for (; m > 0; m -= kRows, x += kRows * in(), y += kRows * out()) {
      ForwardBlock(x, y, std::min(m, kRows), accumulate);
    }
  }
  size_t weight_bytes() const override { return panels_.bytes() + scales_.size() * sizeof(float); }

 private:
  struct Input;
  struct Scales;
  static constexpr int64_t kRows = 1024;  // at a time; bounds the buffers

  // The most that keeps every sum of `in` products within 32 bits.
  static int32_t Levels(int64_t in) {
    const int64_t most = std::numeric_limits<int32_t>::max() / (kGreatestWeight * (in + 1));
    return static_cast<int32_t>(std::min<int64_t>(most, std::numeric_limits<int16_t>::max()));
  }

  void Pack(const float* rows, int64_t count, int64_t panel) {
    struct Codes;
    int8_t* codes = ThreadBuffer<int8_t, Codes>(static_cast<size_t>(kPanelWidth * depth_));
    std::fill_n(codes, kPanelWidth * depth_, int8_t{0});
    for (int64_t j = 0; j < count; ++j) {
      scales_[static_cast<size_t>(panel * kPanelWidth + j)] =
          QuantizeWeights(rows + j * in(), in(), codes + j * depth_);
    }
    // Pairs of inputs stay together: 16 bits are moved at a time.
    int8_t* to = panels_.data() + panel * kPanelWidth * depth_;
    for (int64_t k = 0; k < depth_; k += 2) {
      for (int64_t j = 0; j < kPanelWidth; ++j, to += 2) std::memcpy(to, codes + j * depth_ + k, 2);
    }
  }

  void ForwardBlock(const float* x, float* y, int64_t m, bool accumulate) const {
    int16_t* codes = ThreadBuffer<int16_t, Input>(static_cast<size_t>(m * depth_));
    float* scales = ThreadBuffer<float, Scales>(static_cast<size_t>(m));
    constexpr int64_t kRowsPerTask = 16;
    RunOnTeam(omp_get_max_threads(), (m + kRowsPerTask - 1) / kRowsPerTask, [&](int64_t task) {
      const int64_t end = std::min(m, (task + 1) * kRowsPerTask);
      for (int64_t row = task * kRowsPerTask; row < end; ++row) {
        int16_t* to = codes + row * depth_;
        scales[row] = BestPanels().quantize(x + row * in(), in(), levels_, to);
        if (depth_ > in()) to[in()] = 0;
      }
    });
    RunPanels(BestPanels().int8,
              Int8Product{codes, depth_, m, depth_, panels_.data(), kPanelWidth * depth_, y, out(),
                          out(), bias(), accumulate, scales, scales_.data()});
  }

  const int64_t depth_;   // in, made even
  const int32_t levels_;  // greatest code of an input
  WeightArray<int8_t> panels_;
  std::vector<float> scales_;  // by output, whole panels
};

// Weights [out, in] as codes, with the scale and the sum of the codes of each output.
struct CodedWeights {
  CodedWeights(const WeightRows& weight, int64_t out, int64_t in)
      : codes(static_cast<size_t>(out * in)),
        scales(static_cast<size_t>(out)),
        sums(static_cast<size_t>(out)) {
    ForEachPanel(weight, out, in, [&](int64_t panel, const float* rows, int64_t count) {
      for (int64_t j = 0; j < count; ++j) {
        const int64_t row = panel * kPanelWidth + j;
        int8_t* to = codes.data() + row * in;
        scales[static_cast<size_t>(row)] = QuantizeWeights(rows + j * in, in, to);
        sums[static_cast<size_t>(row)] = std::accumulate(to, to + in, 0);
      }
    });
  }

  std::vector<int8_t> codes;
  std::vector<float> scales;
  std::vector<int32_t> sums;
};

class Int8OneDnn final : public LinearKernel {
 public:
  Int8OneDnn(CodedWeights weights, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        scales_(std::move(weights.scales)),
        sums_(std::move(weights.sums)),
        product_({Type::u8, Type::s8, Type::s32}, weights.codes.data(), nullptr, out, in) {}

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    for (; m > 0; m -= kRows, x += kRows * in(), y += kRows * out()) {
      ForwardBlock(x, y, std::min(m, kRows), accumulate);
    }
  }
  size_t weight_bytes() const override {
    return product_.weight_bytes() + scales_.size() * sizeof(float) +
           sums_.size() * sizeof(int32_t);
  }

 private:
  struct Input;
  struct Sums;
  using Type = dnnl::memory::data_type;
  static constexpr int64_t kRows = 256;  // at a time; bounds the buffers

  void ForwardBlock(const float* x, float* y, int64_t m, bool accumulate) const {
    uint8_t* codes = ThreadBuffer<uint8_t, Input>(static_cast<size_t>(m * in()));
    std::array<ByteCode, kRows> rows;
#pragma omp parallel for if (m * in() > kParallelWork / 8)
    for (int64_t row = 0; row < m; ++row) {
      rows[static_cast<size_t>(row)] =
          BestPanels().quantize_bytes(x + row * in(), in(), codes + row * in());
    }
    int32_t* sums = ThreadBuffer<int32_t, Sums>(static_cast<size_t>(m * out()));
    product_.Forward(codes, sums, m, /*accumulate=*/false);
#pragma omp parallel for if (m * out() > kParallelWork / 8)
    for (int64_t row = 0; row < m; ++row) {
      Dequantize(rows[static_cast<size_t>(row)], sums + row * out(), y + row * out(), accumulate);
    }
  }

  void Dequantize(const ByteCode& code, const int32_t* sums, float* y, bool accumulate) const {
    for (int64_t i = 0; i < out(); ++i) {
      const auto exact = static_cast<float>(sums[i] - code.zero * sums_[static_cast<size_t>(i)]);
      float value = exact * code.scale * scales_[static_cast<size_t>(i)];
      if (bias() != nullptr) value += bias()[i];
      y[i] = accumulate ? y[i] + value : value;
    }
  }

  std::vector<float> scales_;  // [out]
  std::vector<int32_t> sums_;  // [out], of the codes of each output
  OneDnnLinear product_;
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeInt8Kernel(const WeightRows& weight, const float* bias,
                                                   int64_t out, int64_t in) {
  if (GetCpuFeatures().avx512_vnni) {
    return std::make_unique<Int8OneDnn>(CodedWeights(weight, out, in), bias, out, in);
  }
  return std::make_unique<Int8Panels>(weight, bias, out, in);
}

}  // namespace tact
