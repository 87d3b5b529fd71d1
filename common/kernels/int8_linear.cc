// PackedLinear's int8 kernels: 8 bits times 8 where the CPU has VNNI or AMX, else weights that are
// multiplied with inputs of up to 16 bits, which cost no more there and leave hardly an error.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "common/kernels/cpu.h"
#include "common/kernels/int8_codes.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/panel_weights.h"
#include "common/kernels/threads.h"
#include "common/kernels/weight_memory.h"

namespace tact {
namespace {

// each(row) for each of m rows, on the compute threads.
template <typename Row>
void ForEachRow(int64_t m, const Row& each) {
  constexpr int64_t kRowsPerTask = 16;
  ParallelBlocks(m, kRowsPerTask, [&](int64_t first, int64_t count) {
    for (int64_t row = first; row < first + count; ++row) each(row);
  });
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
    const int64_t most = std::numeric_limits<int32_t>::max() / (kGreatestWeightCode * (in + 1));
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
    ForEachRow(m, [&](int64_t row) {
      int16_t* to = codes + row * depth_;
      scales[row] = BestPanels().quantize(x + row * in(), in(), levels_, to);
      if (depth_ > in()) to[in()] = 0;
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

// Inputs of 8 bits, with a scale and a zero point for each row.
class BytePanels final : public LinearKernel {
 public:
  BytePanels(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        depth_((in + kByteDepth - 1) / kByteDepth * kByteDepth),
        panels_(static_cast<size_t>(PanelsOf(out) * kPanelWidth * depth_)),
        scales_(static_cast<size_t>(PanelsOf(out) * kPanelWidth)),
        sums_(scales_.size()) {
    ForEachPanel(weight, out, in, [this](int64_t panel, const float* rows, int64_t count) {
      Pack(rows, count, panel);
    });
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    for (; m > 0; m -= kRows, x += kRows * in(), y += kRows * out()) {
      ForwardBlock(x, y, std::min(m, kRows), accumulate);
    }
  }
  size_t weight_bytes() const override {
    return panels_.bytes() + scales_.size() * (sizeof(float) + sizeof(int32_t));
  }

 private:
  struct Input;
  static constexpr int64_t kRows = 1024;  // at a time; bounds the buffers

  void Pack(const float* rows, int64_t count, int64_t panel) {
    struct Codes;
    int8_t* codes = ThreadBuffer<int8_t, Codes>(static_cast<size_t>(depth_));
    int8_t* to = panels_.data() + panel * kPanelWidth * depth_;
    for (int64_t j = 0; j < count; ++j) {
      const auto output = static_cast<size_t>(panel * kPanelWidth + j);
      scales_[output] = QuantizeWeights(rows + j * in(), in(), codes);
      sums_[output] = std::accumulate(codes, codes + in(), 0);
      std::fill(codes + in(), codes + depth_, int8_t{0});
      for (int64_t k = 0; k < depth_; k += 4) {
        std::memcpy(to + k * kPanelWidth + 4 * j, codes + k, 4);
      }
    }
  }

  void ForwardBlock(const float* x, float* y, int64_t m, bool accumulate) const {
    uint8_t* codes = ThreadBuffer<uint8_t, Input>(static_cast<size_t>(m * depth_));
    std::array<float, kRows> scales;
    std::array<int32_t, kRows> zeros;
    ForEachRow(m, [&](int64_t row) {
      uint8_t* to = codes + row * depth_;
      const ByteCode code = BestPanels().quantize_bytes(x + row * in(), in(), to);
      std::fill(to + in(), to + depth_, uint8_t{0});
      scales[static_cast<size_t>(row)] = code.scale;
      zeros[static_cast<size_t>(row)] = code.zero;
    });
    RunPanels(
        BestPanels().bytes,
        ByteProduct{codes, depth_, m, depth_, panels_.data(), kPanelWidth * depth_, y, out(), out(),
                    bias(), accumulate, scales.data(), scales_.data(), zeros.data(), sums_.data()});
  }

  const int64_t depth_;  // in, filled up
  WeightArray<int8_t> panels_;
  std::vector<float> scales_;  // by output, whole panels
  std::vector<int32_t> sums_;  // the same, of an output's codes
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeInt8Kernel(const WeightRows& weight, const float* bias,
                                                   int64_t out, int64_t in) {
  if (GetCpuFeatures().avx512_vnni) {
    return std::make_unique<BytePanels>(weight, bias, out, in);
  }
  return std::make_unique<Int8Panels>(weight, bias, out, in);
}

}  // namespace tact
