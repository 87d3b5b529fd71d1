// The plain form of the products, for any CPU, and the choice between the forms.
#include "common/kernels/panels.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/kernels/cpu.h"
#include "common/kernels/panel_loops.h"

namespace tact {
namespace {

float WeightAt(const float* row, int j) { return row[j]; }
float WeightAt(const uint16_t* row, int j) {
  return std::bit_cast<float>(uint32_t{row[j < 8 ? 2 * j : 2 * (j - 8) + 1]} << 16);
}

struct PlainTile {
  static constexpr int64_t kDepth = kPanelDepth;
  static constexpr int kMostRows = 6, kMostPanels = 1;

  template <int kRows, int kPanels, typename W>
  static void Run(const PanelProduct<float, W>& p, const TileSpan& span) {
    for (int r = 0; r < kRows; ++r) {
      for (int q = 0; q < kPanels; ++q) One(p, span, r, q);
    }
  }

 private:
  template <typename W>
  static void One(const PanelProduct<float, W>& p, const TileSpan& span, int r, int q) {
    const float* x = p.x + (span.row + r) * p.x_stride;
    const W* panel = p.panels + (span.panel + q) * p.panel_stride;
    float sums[kPanelWidth] = {};
    for (int64_t k = span.begin; k < span.end; ++k) {
      for (int j = 0; j < kPanelWidth; ++j) sums[j] += x[k] * WeightAt(panel + k * kPanelWidth, j);
    }
    StoreSome(OutputOf(p, span, r, q), sums);
  }
};

struct PlainInt8Tile {
  static constexpr int64_t kDepth = int64_t{1} << 40;
  static constexpr int kMostRows = 6, kMostPanels = 1;

  template <int kRows, int kPanels, typename X>
  static void Run(const PanelProduct<X, int8_t>& p, const TileSpan& span) {
    for (int r = 0; r < kRows; ++r) {
      for (int q = 0; q < kPanels; ++q) One(p, span, r, q);
    }
  }

 private:
  template <typename X>
  static void One(const PanelProduct<X, int8_t>& p, const TileSpan& span, int r, int q) {
    constexpr int64_t kTogether = sizeof(X) == 1 ? 4 : 2;  // inputs
    const X* x = p.x + (span.row + r) * p.x_stride;
    const int8_t* panel = p.panels + (span.panel + q) * p.panel_stride;
    int32_t sums[kPanelWidth] = {};
    for (int64_t k = 0; k < p.depth; ++k) {
      const int8_t* weights = panel + k / kTogether * kTogether * kPanelWidth + k % kTogether;
      for (int j = 0; j < kPanelWidth; ++j) sums[j] += x[k] * weights[kTogether * j];
    }
    float values[kPanelWidth];
    for (int j = 0; j < kPanelWidth; ++j) {
      const int64_t column = (span.panel + q) * kPanelWidth + j;
      if (p.row_zeros != nullptr) sums[j] -= p.row_zeros[span.row + r] * p.weight_sums[column];
      values[j] = static_cast<float>(sums[j]) * (p.row_scales[span.row + r] * p.scales[column]);
    }
    StoreSome(OutputOf(p, span, r, q), values);
  }
};

float Quantize(const float* x, int64_t size, int32_t levels, int16_t* codes) {
  float greatest = 0;
  for (int64_t i = 0; i < size; ++i) {
    const float magnitude = std::abs(x[i]);
    if (!(magnitude <= greatest)) greatest = magnitude;  // NaN too
    if (std::isnan(greatest)) break;
  }
  const auto most = static_cast<float>(levels);
  const bool sound = std::isfinite(greatest) && greatest > 0;
  const float inverse = sound ? most / greatest : 0.0f;
  for (int64_t i = 0; i < size; ++i) {
    codes[i] = sound ? static_cast<int16_t>(std::nearbyintf(x[i] * inverse)) : int16_t{1};
  }
  return greatest / most;
}

ByteCode QuantizeBytes(const float* x, int64_t size, uint8_t* codes) {
  float low = 0, high = 0, spoilt = 0;
  for (int64_t i = 0; i < size; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
    spoilt += x[i] - x[i];  // 0 unless x is not finite
  }
  if (spoilt != 0 || high == low) {
    std::fill_n(codes, size, uint8_t{0});
    return {spoilt, spoilt != 0 ? 1 : 0};
  }
  const float inverse = 255.0f / (high - low);
  const auto zero = static_cast<int32_t>(std::nearbyintf(-low * inverse));
  for (int64_t i = 0; i < size; ++i) {
    const auto code = static_cast<int32_t>(std::nearbyintf(x[i] * inverse)) + zero;
    codes[i] = static_cast<uint8_t>(std::clamp(code, 0, 255));
  }
  return {(high - low) / 255.0f, zero};
}

}  // namespace

PanelKernels PanelsFor(const CpuFeatures& features) {
  PanelKernels kernels = {PanelLoops<PlainTile, F32Product>::Run,
                          PanelLoops<PlainTile, Bf16Product>::Run,
                          PanelLoops<PlainInt8Tile, Int8Product>::Run,
                          PanelLoops<PlainInt8Tile, ByteProduct>::Run,
                          Quantize,
                          QuantizeBytes};
  if (features.avx2) UseAvx2(kernels);
  if (features.avx512) UseAvx512(kernels);
  if (features.avx512_vnni) UseVnni(kernels);
  if (features.amx) UseAmx(kernels);
  return kernels;
}

const PanelKernels& BestPanels() {
  static const PanelKernels kernels = PanelsFor(GetCpuFeatures());
  return kernels;
}

}  // namespace tact
