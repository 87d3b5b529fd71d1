// What the files for CPUs with AVX-512 share: a panel's 16 outputs are one register. Everything has
// internal linkage, since each of these files is compiled for another kind of CPU.
#ifndef TACT_COMMON_KERNELS_PANELS_AVX512_H_
#define TACT_COMMON_KERNELS_PANELS_AVX512_H_

#include <immintrin.h>

#include "common/kernels/panel_loops.h"

namespace tact {
namespace {

// The 16 outputs of a row and a panel.
[[gnu::always_inline]] inline void StoreOutputs(const PanelOutput& out, __m512 values) {
  const auto some = static_cast<__mmask16>((1u << out.count) - 1);
  if (out.bias != nullptr) {
    values = _mm512_add_ps(values, _mm512_maskz_loadu_ps(some, out.bias));
  }
  if (out.add) values = _mm512_add_ps(values, _mm512_maskz_loadu_ps(some, out.y));
  _mm512_mask_storeu_ps(out.y, some, values);
}

// Sums of 8 by 8 bits as what they stand for: (sum - zero * weight sum) * scales.
[[gnu::always_inline]] inline void StoreSums(const ByteProduct& p, const TileSpan& span, int r,
                                             int q, __m512i sums) {
  const int64_t row = span.row + r, column = (span.panel + q) * kPanelWidth;
  const __m512i shift = _mm512_mullo_epi32(_mm512_set1_epi32(p.row_zeros[row]),
                                           _mm512_loadu_si512(p.weight_sums + column));
  const __m512 scale =
      _mm512_mul_ps(_mm512_set1_ps(p.row_scales[row]), _mm512_loadu_ps(p.scales + column));
  const __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sums, shift)), scale);
  StoreOutputs(OutputOf(p, span, r, q), values);
}

// Up to 8 rows times three panels: 24 sums, three weights and an input are 28 of 32 registers, and
// 24 sums cost 11 loads. `Math` says how kStep inputs of a row meet the weights of 16 outputs.
template <typename Math>
struct Tile512 {
  static constexpr int64_t kDepth = Math::kDepth;
  static constexpr int kMostRows = 8, kMostPanels = 3;

  template <int kRows, int kPanels, typename X, typename W>
  static void Run(const PanelProduct<X, W>& p, const TileSpan& span) {
    constexpr int64_t kLine = kPanelWidth * Math::kStep;
    typename Math::Vector sums[kRows][kPanels];
#pragma GCC unroll 24
    for (int i = 0; i < kRows * kPanels; ++i) sums[i / kPanels][i % kPanels] = Math::Zero();
    const int64_t x_stride = p.x_stride, panel_stride = p.panel_stride;
    const X *x = p.x + span.row * x_stride + span.begin, *end = x + (span.end - span.begin);
    const W* panel = p.panels + span.panel * panel_stride + span.begin * kPanelWidth;
    const int64_t ahead = (span.end - span.begin) * kPanelWidth;
    for (; x < end; x += Math::kStep, panel += kLine) {
      typename Math::Vector weights[kPanels];
#pragma GCC unroll 4
      for (int q = 0; q < kPanels; ++q) {
        weights[q] = Math::Weights(panel + q * panel_stride);
        // What follows in the panel; with more rows it arrives in time by itself.
        if constexpr (kRows <= 2 && kPanels <= kMostPanels) {
          __builtin_prefetch(panel + q * panel_stride + ahead, 0, 2);
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const auto input = Math::Input(x + r * x_stride);
#pragma GCC unroll 4
        for (int q = 0; q < kPanels; ++q) {
          sums[r][q] = Math::Add(sums[r][q], input, weights[q]);
        }
      }
    }
#pragma GCC unroll 24
    for (int i = 0; i < kRows * kPanels; ++i) {
      Math::Finish(p, span, i / kPanels, i % kPanels, sums[i / kPanels][i % kPanels]);
    }
  }
};

}  // namespace
}  // namespace tact

#endif  // TACT_COMMON_KERNELS_PANELS_AVX512_H_
