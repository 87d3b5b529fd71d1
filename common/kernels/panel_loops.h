// The loops around a tile, a product of some rows with a panel or a few; each kind of CPU has its
// own tiles. Uses nothing of the standard library, since what is
// compiled here for one CPU must not be linked into code for another.
#ifndef TACT_COMMON_KERNELS_PANEL_LOOPS_H_
#define TACT_COMMON_KERNELS_PANEL_LOOPS_H_

#include "common/kernels/panels.h"

namespace tact {

// Rows x panels of one call of a tile: product.rows from `row` on, panels from `panel` on, inputs
// from `begin` to `end`.
struct TileSpan {
  int64_t row, panel, begin, end;
};

// `Tile` has kDepth, kMostRows and kMostPanels, the most that one call takes, and Run<rows,
// panels>(product, span), which writes the outputs.
template <typename Tile, typename Product>
struct PanelLoops {
  static constexpr int64_t kCached = 48 << 10;  // elements of x that stay in the second cache

  static void Run(const Product& p) {
    if (p.rows == 1) return FewRows<1, 4>(p);
    if (p.rows == 2) return FewRows<2, 2>(p);
    const int64_t panels = PanelsOf(p);
    if (p.rows * p.depth <= kCached) {
      for (int64_t panel = 0; panel < panels; panel += Tile::kMostPanels) {
        for (int64_t k = 0; k < p.depth; k += Tile::kDepth) AllRows(p, panel, k);
      }
    } else {
      for (int64_t k = 0; k < p.depth; k += Tile::kDepth) {
        for (int64_t panel = 0; panel < panels; panel += Tile::kMostPanels) AllRows(p, panel, k);
      }
    }
  }

 private:
  static int64_t PanelsOf(const Product& p) { return (p.columns + kPanelWidth - 1) / kPanelWidth; }
  static int64_t End(const Product& p, int64_t begin) {
    return begin + Tile::kDepth < p.depth ? begin + Tile::kDepth : p.depth;
  }

  // So few rows that one panel would not fill the pipeline: several panels at a time.
  template <int kFew, int kPanels>
  static void FewRows(const Product& p) {
    const int64_t panels = PanelsOf(p);
    int64_t panel = 0;
    for (; panel + kPanels <= panels; panel += kPanels) Span<kFew, kPanels>(p, panel);
    for (; panel < panels; ++panel) Span<kFew, 1>(p, panel);
  }
  template <int kFew, int kPanels>
  static void Span(const Product& p, int64_t panel) {
    for (int64_t k = 0; k < p.depth; k += Tile::kDepth) {
      Tile::template Run<kFew, kPanels>(p, {0, panel, k, End(p, k)});
    }
  }

  // All rows in steps of nearly the same size.
  static void AllRows(const Product& p, int64_t panel, int64_t k) {
    for (int64_t row = 0; row < p.rows;) {
      const int64_t left = p.rows - row, steps = (left + Tile::kMostRows - 1) / Tile::kMostRows;
      const int64_t rows = (left + steps - 1) / steps;
      Step<Tile::kMostRows>(p, rows, {row, panel, k, End(p, k)});
      row += rows;
    }
  }
  template <int kMost>
  static void Step(const Product& p, int64_t rows, const TileSpan& span) {
    if constexpr (kMost > 1) {
      if (rows < kMost) return Step<kMost - 1>(p, rows, span);
    }
    const int64_t panels = PanelsOf(p);
    if (span.panel + Tile::kMostPanels <= panels) {
      Tile::template Run<kMost, Tile::kMostPanels>(p, span);
      return;
    }
    for (TileSpan one = span; one.panel < panels; ++one.panel) Tile::template Run<kMost, 1>(p, one);
  }
};

// Where one row and panel of a product ends up, and what is added to it.
struct PanelOutput {
  float* y;           // [count]
  const float* bias;  // null where nothing is to be added
  bool add;           // to what y holds
  int64_t count;      // 1 to 16
};

template <typename Product>
[[gnu::always_inline]] inline PanelOutput OutputOf(const Product& p, const TileSpan& span,
                                                   int64_t row, int64_t panel) {
  const int64_t column = (span.panel + panel) * kPanelWidth, left = p.columns - column;
  const bool first = span.begin == 0;
  return {p.y + (span.row + row) * p.y_stride + column,
          first && p.bias != nullptr ? p.bias + column : nullptr, !first || p.accumulate,
          left < kPanelWidth ? left : kPanelWidth};
}

// The same of one value after another.
[[gnu::always_inline]] inline void StoreSome(const PanelOutput& out, const float* values) {
  for (int64_t j = 0; j < out.count; ++j) {
    float value = values[j];
    if (out.bias != nullptr) value += out.bias[j];
    out.y[j] = out.add ? out.y[j] + value : value;
  }
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_PANEL_LOOPS_H_
