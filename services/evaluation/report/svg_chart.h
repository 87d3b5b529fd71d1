// Plots as inline SVG. Colours and fonts come from the page's style sheet (classes "before",
// "after", "gain", "loss", "line", "grid", "mark", "tick"), so that they follow light and dark.
#ifndef TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_
#define TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tact/v1/evaluation.pb.h"

namespace tact {

// What a reader is told who does not see the plot; `id` is unique on the page.
struct ChartText {
  std::string id, title, description;
};

// Round numbers that cover [min, max] in about `count` steps; at least two.
std::vector<double> NiceTicks(double min, double max, int count);

// At most `limit` values: means of neighbours where there are more.
std::vector<double> Condense(std::span<const double> values, size_t limit);

// Values in bins of equal width between ascending `edges`, before and after side by side. What is
// outside counts in the outermost bins.
struct Histogram {
  std::string what;           // of a value: "toxicity"
  std::vector<double> edges;  // at least two
  std::span<const double> before, after;
  std::optional<double> mark;  // a line at this value
};
std::string HistogramPair(const ChartText& text, const Histogram& histogram);

// One row: whiskers from p5 to p95, a box from p25 to p75, a line at the median, a dot at p99.
struct QuantileRow {
  std::string label;
  std::string css_class;  // "before" or "after"
  v1::Quantiles quantiles;
};
std::string QuantileBoxes(const ChartText& text, std::span<const QuantileRow> rows);

// A bar before and one after for each measure, with the ends of its interval.
struct BarPair {
  std::string label;
  double before, after;
  v1::Interval before_interval, after_interval;
};
std::string IntervalBars(const ChartText& text, std::span<const BarPair> pairs);

// One bar for each value, in the given order, up from 0 or down. Not empty.
std::string DifferenceBars(const ChartText& text, std::span<const double> differences);

// A line through (steps[i], values[i]); both finite, of one length, not empty, steps ascending.
std::string LineChart(const ChartText& text, std::span<const double> steps,
                      std::span<const double> values);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_
