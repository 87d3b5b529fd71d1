// Compiled for AVX2 and FMA; called only where the CPU has them.
#include <immintrin.h>

#include "common/kernels/panel_loops.h"

namespace tact {
namespace {

// Outputs 0 to 7 and 8 to 15 of a panel and a row.
void Store(const PanelOutput& out, __m256 low, __m256 high) {
  if (out.count < kPanelWidth) {
    float values[kPanelWidth];
    _mm256_storeu_ps(values, low);
    _mm256_storeu_ps(values + 8, high);
    return StoreSome(out, values);
  }
  if (out.bias != nullptr) {
    low = _mm256_add_ps(low, _mm256_loadu_ps(out.bias));
    high = _mm256_add_ps(high, _mm256_loadu_ps(out.bias + 8));
  }
  if (out.add) {
    low = _mm256_add_ps(low, _mm256_loadu_ps(out.y));
    high = _mm256_add_ps(high, _mm256_loadu_ps(out.y + 8));
  }
  _mm256_storeu_ps(out.y, low);
  _mm256_storeu_ps(out.y + 8, high);
}

// Arithmetic of a tile: how kStep inputs of a row meet the weights of 16 outputs.
struct F32Math {
  using Vector = __m256;
  static constexpr int64_t kDepth = kPanelDepth, kStep = 1, kStreams = 4;

  static Vector Zero() { return _mm256_setzero_ps(); }
  static Vector Input(const float* x) { return _mm256_broadcast_ss(x); }
  static Vector Low(const float* w) { return _mm256_loadu_ps(w); }
  static Vector High(const float* w) { return _mm256_loadu_ps(w + 8); }
  static Vector Add(Vector sum, Vector x, Vector w) { return _mm256_fmadd_ps(x, w, sum); }
  static void Finish(const F32Product& p, const TileSpan& span, int r, int q, Vector low,
                     Vector high) {
    Store(OutputOf(p, span, r, q), low, high);
  }
};

struct Bf16Math : F32Math {
  static constexpr int64_t kStreams = 1;

  static Vector Low(const uint16_t* w) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(Both(w), 16));
  }
  static Vector High(const uint16_t* w) {
    return _mm256_castsi256_ps(_mm256_and_si256(Both(w), _mm256_set1_epi32(-65536)));
  }
  static void Finish(const Bf16Product& p, const TileSpan& span, int r, int q, Vector low,
                     Vector high) {
    Store(OutputOf(p, span, r, q), low, high);
  }

 private:
  static __m256i Both(const uint16_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  }
};

struct Int8Math {
  using Vector = __m256i;
  // Sums are exact: all inputs at once.
  static constexpr int64_t kDepth = int64_t{1} << 40, kStep = 2, kStreams = 1;

  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Input(const int16_t* x) {
    int32_t both;
    __builtin_memcpy(&both, x, sizeof(both));
    return _mm256_set1_epi32(both);
  }
  static Vector Low(const int8_t* w) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
  }
  static Vector High(const int8_t* w) { return Low(w + kPanelWidth); }
  static Vector Add(Vector sum, Vector x, Vector w) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
  }
  static void Finish(const Int8Product& p, const TileSpan& span, int r, int q, Vector low,
                     Vector high) {
    const float* scales = p.scales + (span.panel + q) * kPanelWidth;
    const __m256 row = _mm256_set1_ps(p.row_scales[span.row + r]);
    Store(OutputOf(p, span, r, q), Scaled(low, row, scales), Scaled(high, row, scales + 8));
  }

 private:
  static __m256 Scaled(Vector sums, __m256 row, const float* scales) {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_mul_ps(row, _mm256_loadu_ps(scales)));
  }
};

// Asks for the weights that follow those of a tile, a line in each step, so that memory works while
// several rows are multiplied. One stream of lines is slower than memory: f32 takes them from
// Math::kStreams places in turn.
template <typename Math, typename W>
class Prefetch {
 public:
  Prefetch(const W* panel, int64_t depth)
      : next_(panel + depth * kPanelWidth), stride_(depth / Math::kStep / Math::kStreams) {}

  void Step() {
    constexpr int64_t kLine = kPanelWidth * Math::kStep;
    constexpr uint64_t kStreams = Math::kStreams;
    const int64_t line =
        static_cast<int64_t>(step_ % kStreams) * stride_ + static_cast<int64_t>(step_ / kStreams);
    __builtin_prefetch(next_ + line * kLine, 0, 2);
    ++step_;
  }

 private:
  const W* next_;
  const int64_t stride_;
  uint64_t step_ = 0;
};

template <typename Math>
struct Tile {
  static constexpr int64_t kDepth = Math::kDepth;
  static constexpr int kMostRows = 6, kMostPanels = 1;

  // Loops over constants are unrolled, so that all sums stay in registers.
  template <int kRows, int kPanels, typename X, typename W>
  static void Run(const PanelProduct<X, W>& p, const TileSpan& span) {
    typename Math::Vector low[kRows][kPanels], high[kRows][kPanels];
#pragma GCC unroll 8
    for (int i = 0; i < kRows * kPanels; ++i) {
      low[i / kPanels][i % kPanels] = high[i / kPanels][i % kPanels] = Math::Zero();
    }
    const int64_t x_stride = p.x_stride, panel_stride = p.panel_stride;
    const X *x = p.x + span.row * x_stride + span.begin, *end = x + (span.end - span.begin);
    const W* panel = p.panels + span.panel * panel_stride + span.begin * kPanelWidth;
    Prefetch<Math, W> next(panel, span.end - span.begin);
    for (; x < end; x += Math::kStep, panel += kPanelWidth * Math::kStep) {
      if constexpr (kPanels == 1) next.Step();
#pragma GCC unroll 8
      for (int q = 0; q < kPanels; ++q) {
        const auto w_low = Math::Low(panel + q * panel_stride);
        const auto w_high = Math::High(panel + q * panel_stride);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const auto value = Math::Input(x + r * x_stride);
          low[r][q] = Math::Add(low[r][q], value, w_low);
          high[r][q] = Math::Add(high[r][q], value, w_high);
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows * kPanels; ++i) {
      const int r = i / kPanels, q = i % kPanels;
      Math::Finish(p, span, r, q, low[r][q], high[r][q]);
    }
  }
};

// The greatest |x|; NaN if there is one, since NaN's bits are above those of all numbers.
float Greatest(const float* x, int64_t size) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i most = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
    most = _mm256_max_epi32(most, _mm256_and_si256(bits, magnitude));
  }
  int32_t lanes[8], greatest = 0;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), most);
  for (const int32_t lane : lanes) greatest = lane > greatest ? lane : greatest;
  for (; i < size; ++i) {
    const int32_t bits = __builtin_bit_cast(int32_t, x[i]) & 0x7fffffff;
    greatest = bits > greatest ? bits : greatest;
  }
  return __builtin_bit_cast(float, greatest);
}

float Quantize(const float* x, int64_t size, int32_t levels, int16_t* codes) {
  const float greatest = Greatest(x, size), most = static_cast<float>(levels);
  const float inverse = greatest == 0 ? 0.0f : most / greatest;
  const __m256 factor = _mm256_set1_ps(inverse);
  int64_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), factor));
    const __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i + 8), factor));
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + i), packed);
  }
  for (; i < size; ++i) {
    const __m128i code = _mm_cvtps_epi32(_mm_set_ss(x[i] * inverse));
    codes[i] = static_cast<int16_t>(_mm_cvtsi128_si32(code));
  }
  return greatest / most;
}

float Lowest(__m256 lanes) {
  const __m128 four = _mm_min_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_min_ss(two, _mm_shuffle_ps(two, two, 1)));
}

// The least and the negated greatest of x and 0.
void Range(const float* x, int64_t size, float* least, float* negated) {
  const __m256 zero = _mm256_setzero_ps();
  __m256 low = zero, high = zero;
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const __m256 values = _mm256_loadu_ps(x + i);
    low = _mm256_min_ps(low, values);
    high = _mm256_min_ps(high, _mm256_sub_ps(zero, values));
  }
  *least = Lowest(low);
  *negated = Lowest(high);
  for (; i < size; ++i) {
    *least = x[i] < *least ? x[i] : *least;
    *negated = -x[i] < *negated ? -x[i] : *negated;
  }
}

struct ByteScale {
  ByteCode code;
  float inverse;
};

ByteScale ByteScaleOf(const float* x, int64_t size) {
  float least, negated;
  Range(x, size, &least, &negated);
  const float range = -negated - least, greatest = Greatest(x, size);
  if (range == 0) return {{greatest, 0}, 0.0f};  // all are 0, or something is NaN
  const float inverse = 255.0f / range;
  // A greatest of infinity or NaN makes the scale NaN.
  const float scale = range / 255.0f + (greatest - greatest);
  return {{scale, _mm_cvtss_si32(_mm_set_ss(-least * inverse))}, inverse};
}

// Eight codes as 32 bits: products are rounded before the zero point is added.
__m256i ByteCodes(const float* x, __m256 inverse, __m256i zero) {
  return _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse)), zero);
}

ByteCode QuantizeBytes(const float* x, int64_t size, uint8_t* codes) {
  const ByteScale found = ByteScaleOf(x, size);
  const __m256 inverse = _mm256_set1_ps(found.inverse);
  const __m256i zero = _mm256_set1_epi32(found.code.zero);
  int64_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const __m256i words = _mm256_permute4x64_epi64(
        _mm256_packs_epi32(ByteCodes(x + i, inverse, zero), ByteCodes(x + i + 8, inverse, zero)),
        0xd8);
    const __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + i), bytes);
  }
  for (; i < size; ++i) {
    const int32_t code = _mm_cvtss_si32(_mm_set_ss(x[i] * found.inverse)) + found.code.zero;
    codes[i] = static_cast<uint8_t>(code < 0 ? 0 : (code > 255 ? 255 : code));
  }
  return found.code;
}

}  // namespace

void UseAvx2(PanelKernels& kernels) {
  kernels.f32 = PanelLoops<Tile<F32Math>, F32Product>::Run;
  kernels.bf16 = PanelLoops<Tile<Bf16Math>, Bf16Product>::Run;
  kernels.int8 = PanelLoops<Tile<Int8Math>, Int8Product>::Run;
  kernels.quantize = Quantize;
  kernels.quantize_bytes = QuantizeBytes;
}

}  // namespace tact
