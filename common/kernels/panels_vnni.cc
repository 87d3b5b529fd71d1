// Compiled for AVX-512 with VNNI, which multiplies 8 by 8 bits, four inputs an output; called only
// where the CPU has it.
#include "common/kernels/panels_avx512.h"

namespace tact {
namespace {

struct ByteMath {
  using Vector = __m512i;
  // Sums are exact: all inputs at once.
  static constexpr int64_t kDepth = int64_t{1} << 40, kStep = 4;

  static Vector Zero() { return _mm512_setzero_si512(); }
  static Vector Input(const uint8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  static Vector Weights(const int8_t* w) { return _mm512_loadu_si512(w); }
  static Vector Add(Vector sum, Vector x, Vector w) { return _mm512_dpbusd_epi32(sum, x, w); }
  static void Finish(const ByteProduct& p, const TileSpan& span, int r, int q, Vector sums) {
    StoreSums(p, span, r, q, sums);
  }
};

}  // namespace

void UseVnni(PanelKernels& kernels) {
  kernels.bytes = PanelLoops<Tile512<ByteMath>, ByteProduct>::Run;
}

}  // namespace tact
