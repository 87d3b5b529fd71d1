// Histograms and bars.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/svg_chart.h"
#include "services/evaluation/report/svg_plot.h"

namespace tact {
namespace {

constexpr Frame kBarFrame{.width = 560, .height = 250};

std::vector<double> CountBins(std::span<const double> values, const std::vector<double>& edges) {
  const size_t bins = edges.size() - 1;
  std::vector<double> counts(bins, 0);
  for (const double value : values) {
    // The first edge above the value ends its bin.
    const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, value);
    ++counts[static_cast<size_t>(above - edges.begin() - 1)];
  }
  return counts;
}

std::string BinTitle(const Histogram& histogram, size_t bin, double count, std::string_view side) {
  return StrCat(histogram.what, " ", ShortNumber(histogram.edges[bin]), " to ",
                ShortNumber(histogram.edges[bin + 1]), ": ", count, " ", side);
}

// The smallest and largest value, and 0.
std::pair<double, double> RangeWithZero(std::span<const double> values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {std::min(0.0, *min), std::max(0.0, *max)};
}

// About six of the edges, so that their numbers do not touch.
std::string EdgeTicks(const Plot& plot, const std::vector<double>& edges) {
  std::string svg;
  const size_t stride = std::max<size_t>(1, (edges.size() + 2) / 6);
  for (size_t i = 0; i < edges.size(); i += stride) {
    svg += plot.XTick(edges[i], ShortNumber(edges[i]));
  }
  return svg;
}

// A line with two short ends: |-|, upright.
std::string ErrorBar(const Plot& plot, double x, const v1::Interval& interval) {
  constexpr double kCap = 4;
  const double low = plot.Y(interval.low()), high = plot.Y(interval.high());
  return StrCat(SvgLine("mark", x, low, x, high), SvgLine("mark", x - kCap, low, x + kCap, low),
                SvgLine("mark", x - kCap, high, x + kCap, high));
}

std::string IntervalTitle(std::string_view side, const BarPair& pair, double value,
                          const v1::Interval& interval) {
  return StrCat(pair.label, " ", side, ": ", Decimal(value), ", interval ", Decimal(interval.low()),
                " to ", Decimal(interval.high()));
}

}  // namespace

std::string HistogramPair(const ChartText& text, const Histogram& histogram) {
  const std::vector<double>& edges = histogram.edges;
  const std::vector<double> before = CountBins(histogram.before, edges);
  const std::vector<double> after = CountBins(histogram.after, edges);
  const double highest = std::max({*std::max_element(before.begin(), before.end()),
                                   *std::max_element(after.begin(), after.end()), 1.0});
  const Plot plot(kBarFrame, edges.front(), edges.back(), NiceTicks(0, highest, 4));
  std::string svg = plot.YAxis();
  const double bin = kBarFrame.inner_width() / static_cast<double>(before.size()), bar = bin * 0.4;
  for (size_t i = 0; i < before.size(); ++i) {
    const double x = kBarFrame.left + bin * (static_cast<double>(i) + 0.08);
    svg += SvgBar("before", x, bar, plot.Y(before[i]), plot.Y(0) - plot.Y(before[i]),
                  BinTitle(histogram, i, before[i], "before"));
    svg += SvgBar("after", x + bin * 0.44, bar, plot.Y(after[i]), plot.Y(0) - plot.Y(after[i]),
                  BinTitle(histogram, i, after[i], "after"));
  }
  if (histogram.mark.has_value()) svg += plot.XLine(*histogram.mark, "mark dashed");
  return WrapSvg(kBarFrame, text, svg + EdgeTicks(plot, edges));
}

std::string IntervalBars(const ChartText& text, std::span<const BarPair> pairs) {
  double highest = 0;
  for (const BarPair& pair : pairs) {
    highest = std::max({highest, pair.before, pair.after, pair.before_interval.high(),
                        pair.after_interval.high()});
  }
  const Plot plot(kBarFrame, 0, static_cast<double>(pairs.size()), NiceTicks(0, highest, 4));
  std::string svg = plot.YAxis();
  const double group = kBarFrame.inner_width() / static_cast<double>(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    const BarPair& pair = pairs[i];
    const double x = kBarFrame.left + group * static_cast<double>(i), bar = group * 0.3;
    svg += SvgBar("before", x + group * 0.18, bar, plot.Y(pair.before),
                  plot.Y(0) - plot.Y(pair.before),
                  IntervalTitle("before", pair, pair.before, pair.before_interval));
    svg +=
        SvgBar("after", x + group * 0.52, bar, plot.Y(pair.after), plot.Y(0) - plot.Y(pair.after),
               IntervalTitle("after", pair, pair.after, pair.after_interval));
    svg += ErrorBar(plot, x + group * 0.18 + bar / 2, pair.before_interval);
    svg += ErrorBar(plot, x + group * 0.52 + bar / 2, pair.after_interval);
    svg += plot.XTick(static_cast<double>(i) + 0.5, pair.label);
  }
  return WrapSvg(kBarFrame, text, svg);
}

std::string DifferenceBars(const ChartText& text, std::span<const double> differences) {
  constexpr size_t kMostBars = 240;
  const std::vector<double> values = Condense(differences, kMostBars);
  const auto [lowest, highest] = RangeWithZero(values);
  const Plot plot(kBarFrame, 0, static_cast<double>(values.size()), NiceTicks(lowest, highest, 5));
  std::string svg = plot.YAxis();
  const double width = kBarFrame.inner_width() / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double top = plot.Y(std::max(values[i], 0.0)), end = plot.Y(std::min(values[i], 0.0));
    svg += SvgBar(values[i] >= 0 ? "gain" : "loss", plot.X(static_cast<double>(i)) + width * 0.1,
                  width * 0.8, top, end - top, absl::StrFormat("%+.3f", values[i]));
  }
  svg += plot.XTick(static_cast<double>(values.size()) / 2,
                    StrCat(differences.size(), " dialogues, sorted"));
  return WrapSvg(kBarFrame, text, svg);
}

}  // namespace tact
