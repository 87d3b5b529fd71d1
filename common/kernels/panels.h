// Products of rows with weights that are held in panels of 16 outputs, so that a thread streams
// through a panel once for up to six rows. In f32, in bfloat16 that is widened on the way, and in
// 8 bits times 16 bits with sums in 32. A row's result is the same to the bit whatever rows stand
// beside it. Only files of this folder include it.
#ifndef TACT_COMMON_KERNELS_PANELS_H_
#define TACT_COMMON_KERNELS_PANELS_H_

#include <cstdint>

namespace tact {

inline constexpr int64_t kPanelWidth = 16;  // outputs
// Inputs whose products are summed before they are added to what came before: 24 KB of f32 weights,
// which stay in the first cache while rows pass.
inline constexpr int64_t kPanelDepth = 384;

// Some rows times some panels. Panels follow one another at `panel_stride` elements; in one,
//   f32:  element k * 16 + j is the weight of input k and output j;
//   bf16: the same, with outputs in the order 0 8 1 9 ... 7 15, so that two share 32 bits;
//   int8: element (k / 2) * 32 + 2 * j + k % 2; `depth` is even, an odd one gets a zero.
template <typename X, typename W>
struct PanelProduct {
  const X* x;  // [rows, x_stride]
  int64_t x_stride, rows, depth;
  const W* panels;
  int64_t panel_stride;
  float* y;  // at the first panel's first output; rows are y_stride apart
  int64_t y_stride;
  int64_t columns;    // outputs from there on; the last panel may be used in part
  const float* bias;  // [columns] or null
  bool accumulate;    // y += ... instead of y = ...
  // Of int8: what a row's and an output's integers are multiplied with.
  const float* row_scales = nullptr;
  const float* scales = nullptr;
};

using F32Product = PanelProduct<float, float>;
using Bf16Product = PanelProduct<float, uint16_t>;
using Int8Product = PanelProduct<int16_t, int8_t>;

// x = scale * (code - zero)
struct ByteCode {
  float scale;
  int32_t zero;
};

// One set of functions for one kind of CPU.
struct PanelKernels {
  void (*f32)(const F32Product&);
  void (*bf16)(const Bf16Product&);
  void (*int8)(const Int8Product&);
  // codes [size] = round(x / scale) with the greatest |code| = levels; returns the scale: 0 where
  // all are 0, not finite where one of x is not.
  float (*quantize)(const float* x, int64_t size, int32_t levels, int16_t* codes);
  // Codes 0 to 255 for the range of x, zero included; the scale is not finite where one of x is
  // not.
  ByteCode (*quantize_bytes)(const float* x, int64_t size, uint8_t* codes);
};

const PanelKernels& PlainPanels();  // for any CPU
const PanelKernels& Avx2Panels();   // for a CPU with AVX2 and FMA
const PanelKernels& BestPanels();

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_PANELS_H_
