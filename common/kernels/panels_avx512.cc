// Compiled for AVX-512 (F, BW, DQ, VL); called only where the CPU has it.
#include "common/kernels/panels_avx512.h"

namespace tact {
namespace {

struct F32Math512 {
  using Vector = __m512;
  // Weights come from the second cache, so that sums need not be kept between.
  static constexpr int64_t kDepth = 2 * kPanelDepth, kStep = 1;

  static Vector Zero() { return _mm512_setzero_ps(); }
  static Vector Input(const float* x) { return _mm512_set1_ps(*x); }
  static Vector Weights(const float* w) { return _mm512_loadu_ps(w); }
  static Vector Add(Vector sum, Vector x, Vector w) { return _mm512_fmadd_ps(x, w, sum); }
  static void Finish(const F32Product& p, const TileSpan& span, int r, int q, Vector sum) {
    StoreOutputs(OutputOf(p, span, r, q), sum);
  }
};

struct Extent {
  float least, greatest;  // of x and 0
  bool finite;
};

Extent ExtentOf(const float* x, int64_t size) {
  const __m512 zero = _mm512_setzero_ps();
  __m512 low = zero, high = zero, spoilt = zero;
  for (int64_t i = 0; i < size; i += 16) {
    const auto some = static_cast<__mmask16>(size - i < 16 ? (1u << (size - i)) - 1 : 0xffff);
    const __m512 values = _mm512_maskz_loadu_ps(some, x + i);
    low = _mm512_min_ps(low, values);
    high = _mm512_max_ps(high, values);
    spoilt = _mm512_add_ps(spoilt, _mm512_sub_ps(values, values));  // 0 unless not finite
  }
  return {_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high),
          _mm512_reduce_add_ps(spoilt) == 0.0f};
}

ByteCode QuantizeBytes512(const float* x, int64_t size, uint8_t* codes) {
  const Extent extent = ExtentOf(x, size);
  const float range = extent.greatest - extent.least;
  if (!extent.finite) return {__builtin_nanf(""), 1};
  const float factor = range == 0 ? 0.0f : 255.0f / range;
  const int32_t zero = _mm_cvtss_si32(_mm_set_ss(-extent.least * factor));
  const __m512 inverse = _mm512_set1_ps(factor);
  const __m512i shift = _mm512_set1_epi32(zero), none = _mm512_setzero_si512();
  for (int64_t i = 0; i < size; i += 16) {
    const auto some = static_cast<__mmask16>(size - i < 16 ? (1u << (size - i)) - 1 : 0xffff);
    // Products are rounded before the zero point is added.
    const __m512i code = _mm512_add_epi32(
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(some, x + i), inverse)), shift);
    _mm512_mask_cvtusepi32_storeu_epi8(codes + i, some, _mm512_max_epi32(code, none));
  }
  return {range / 255.0f, zero};
}

}  // namespace

void UseAvx512(PanelKernels& kernels) {
  kernels.f32 = PanelLoops<Tile512<F32Math512>, F32Product>::Run;
  kernels.quantize_bytes = QuantizeBytes512;
}

}  // namespace tact
