// Products of rows with weights that are held in panels of 16 outputs, so that a thread streams
// through a panel once for several rows. In f32, in bfloat16 that is widened on the way, and in 8
// bits times 16 or 8 with sums in 32. A row's result is the same to the bit whatever rows stand
// beside it. Only files of this folder include it.
#ifndef TACT_COMMON_KERNELS_PANELS_H_
#define TACT_COMMON_KERNELS_PANELS_H_

#include <cstdint>

#include "common/kernels/cpu.h"

namespace tact {

inline constexpr int64_t kPanelWidth = 16;  // outputs
// Inputs whose products are summed before they are added to what came before: 24 KB of f32 weights,
// which stay in the first cache while rows pass.
inline constexpr int64_t kPanelDepth = 384;

// Some rows times some panels. Panels follow one another at `panel_stride` elements; in one,
//   f32:  element k * 16 + j is the weight of input k and output j;
//   bf16: the same, with outputs in the order 0 8 1 9 ... 7 15, so that two share 32 bits;
//   int8: element (k / 2) * 32 + 2 * j + k % 2; `depth` is even, an odd one gets a zero;
//   int8 for inputs of 8 bits: element (k / 4) * 64 + 4 * j + k % 4, which is also how AMX takes 64
//   inputs at once; `depth` is a multiple of kByteDepth, filled up with zeros.
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
  // Of inputs of 8 bits: a row's code of 0, and the sum of an output's weights.
  const int32_t* row_zeros = nullptr;
  const int32_t* weight_sums = nullptr;
};

inline constexpr int64_t kByteDepth = 64;

using F32Product = PanelProduct<float, float>;
using Bf16Product = PanelProduct<float, uint16_t>;
using Int8Product = PanelProduct<int16_t, int8_t>;
using ByteProduct = PanelProduct<uint8_t, int8_t>;

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
  void (*bytes)(const ByteProduct&);
  // codes [size] = round(x / scale) with the greatest |code| = levels; returns the scale: 0 where
  // all are 0, not finite where one of x is not.
  float (*quantize)(const float* x, int64_t size, int32_t levels, int16_t* codes);
  // Codes 0 to 255 for the range of x, zero included; the scale is not finite where one of x is
  // not.
  ByteCode (*quantize_bytes)(const float* x, int64_t size, uint8_t* codes);
};

// The best for a CPU that has no more than `features`; plain ones for none.
PanelKernels PanelsFor(const CpuFeatures& features);
const PanelKernels& BestPanels();  // for this CPU

// Each puts its functions in the place of slower ones; to be called where the CPU can run them.
void UseAvx2(PanelKernels& kernels);    // AVX2 and FMA
void UseAvx512(PanelKernels& kernels);  // f32 and bytes' codes
void UseVnni(PanelKernels& kernels);    // bytes
void UseAmx(PanelKernels& kernels);     // bytes

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_PANELS_H_
