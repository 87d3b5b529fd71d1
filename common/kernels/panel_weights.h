// What the kernels on panels share: packing a weight in parallel, and cutting a product into tasks
// for the compute threads. Only files of this folder include it.
#ifndef TACT_COMMON_KERNELS_PANEL_WEIGHTS_H_
#define TACT_COMMON_KERNELS_PANEL_WEIGHTS_H_

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "common/kernels/linear.h"
#include "common/kernels/linear_kernel.h"
#include "common/kernels/panels.h"
#include "common/kernels/thread_team.h"
#include "common/kernels/weight_memory.h"

namespace tact {

inline int64_t PanelsOf(int64_t out) { return (out + kPanelWidth - 1) / kPanelWidth; }

// pack(panel, rows, count) for each panel of a weight [out, in], on the compute threads: rows
// [count, in] are the panel's outputs as f32, 16 of them but for the last panel.
template <typename Pack>
void ForEachPanel(const WeightRows& weight, int64_t out, int64_t in, const Pack& pack) {
  struct Source;
  constexpr int64_t kPiece = 64 << 10;  // elements: what is read is packed out of the second cache
  const int64_t step = std::max<int64_t>(1, kPiece / (in * kPanelWidth)) * kPanelWidth;
  RunOnTeam(omp_get_max_threads(), (out + step - 1) / step, [&](int64_t piece) {
    const int64_t first = piece * step;
    const int64_t count = std::min(step, out - first);
    float* rows = ThreadBuffer<float, Source>(static_cast<size_t>(step * in));
    weight(first, count, rows);
    for (int64_t row = 0; row < count; row += kPanelWidth) {
      pack((first + row) / kPanelWidth, rows + row * in, std::min(kPanelWidth, count - row));
    }
  });
}

// How a product is cut: blocks of rows times groups of panels.
struct PanelTasks {
  int64_t rows, row_blocks;      // of a block
  int64_t panels, panel_groups;  // of a group
};

// `element` is the size of one of x: a block of rows should stay in the second cache.
inline PanelTasks CutPanels(int64_t m, int64_t in, int64_t out, int64_t element, int threads) {
  constexpr int64_t kCache = 256 << 10, kMostRows = 96, kGroup = 12, kTasksPerThread = 4;
  // Whole tiles: AVX-512's have 8 rows, AMX's 32, AVX2's 6.
  const int64_t step = GetCpuFeatures().avx512 ? 32 : 12;
  const int64_t depth = element == sizeof(float) ? std::min(in, kPanelDepth) : in;
  const int64_t most = std::clamp(kCache / (depth * element), step, kMostRows) / step * step;
  PanelTasks tasks;
  tasks.row_blocks = (m + most - 1) / most;
  tasks.rows = ((m + tasks.row_blocks - 1) / tasks.row_blocks + step - 1) / step * step;
  const int64_t wanted = threads == 1 ? 1 : kTasksPerThread * threads / tasks.row_blocks + 1;
  const int64_t panels = PanelsOf(out);
  tasks.panels = ((panels + wanted - 1) / wanted + kGroup - 1) / kGroup * kGroup;
  tasks.panel_groups = (panels + tasks.panels - 1) / tasks.panels;
  return tasks;
}

// kernel(product) in tasks, where `whole` is all rows times all panels.
template <typename Product>
void RunPanels(void (*kernel)(const Product&), const Product& whole) {
  if (whole.rows == 0) return;
  constexpr int64_t kWorthSharing = 1 << 18;  // multiply-adds: some 10 microseconds
  const bool large = whole.rows * whole.depth * whole.columns >= kWorthSharing;
  const int threads = large ? omp_get_max_threads() : 1;
  const PanelTasks cut =
      CutPanels(whole.rows, whole.depth, whole.columns, sizeof(whole.x[0]), threads);
  RunOnTeam(threads, cut.row_blocks * cut.panel_groups, [&](int64_t task) {
    const int64_t row = task / cut.panel_groups * cut.rows;
    const int64_t panel = task % cut.panel_groups * cut.panels, column = panel * kPanelWidth;
    if (row >= whole.rows) return;
    Product part = whole;
    part.x += row * whole.x_stride;
    part.rows = std::min(cut.rows, whole.rows - row);
    part.panels += panel * whole.panel_stride;
    part.y += row * whole.y_stride + column;
    part.columns = std::min(cut.panels * kPanelWidth, whole.columns - column);
    if (whole.bias != nullptr) part.bias += column;
    if (whole.row_scales != nullptr) part.row_scales += row;
    if (whole.scales != nullptr) part.scales += column;
    if (whole.row_zeros != nullptr) part.row_zeros += row;
    if (whole.weight_sums != nullptr) part.weight_sums += column;
    kernel(part);
  });
}

// A weight in panels of `Format`, which is floating point: its Element, Place(j), where output j
// stands in a panel's row, Narrow(f32) and Kernel(), which multiplies such panels.
template <typename Format>
class FloatPanels final : public LinearKernel {
 public:
  using Element = typename Format::Element;

  FloatPanels(const WeightRows& weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        panels_(static_cast<size_t>(PanelsOf(out) * kPanelWidth * in)) {
    ForEachPanel(weight, out, in, [this](int64_t panel, const float* rows, int64_t count) {
      Pack(rows, count, panels_.data() + panel * PanelStride());
    });
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    RunPanels(Format::Kernel(),
              PanelProduct<float, Element>{x, in(), m, in(), panels_.data(), PanelStride(), y,
                                           out(), out(), bias(), accumulate});
  }
  size_t weight_bytes() const override { return panels_.bytes(); }

 private:
  int64_t PanelStride() const { return kPanelWidth * in(); }

  void Pack(const float* rows, int64_t count, Element* panel) const {
    for (int64_t k = 0; k < in(); ++k) {
      for (int64_t j = 0; j < count; ++j) {
        panel[k * kPanelWidth + Format::Place(j)] = Format::Narrow(rows[j * in() + k]);
      }
    }
  }

  WeightArray<Element> panels_;
};

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_PANEL_WEIGHTS_H_
