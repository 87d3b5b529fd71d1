#include "services/evaluation/report/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"

namespace tact {
namespace {

// A plot's box in SVG units: margins leave room for ticks.
struct Frame {
  double width, height;
  double left = 46, right = 10, top = 12, bottom = 26;
  double inner_width() const { return width - left - right; }
  double inner_height() const { return height - top - bottom; }
};

// Maps values to positions inside a frame.
class Plot {
 public:
  Plot(Frame frame, double x_min, double x_max, std::vector<double> y_ticks)
      : frame_(frame), x_min_(x_min), x_max_(x_max), y_ticks_(std::move(y_ticks)) {}

  double X(double value) const {
    const double span = x_max_ > x_min_ ? x_max_ - x_min_ : 1;
    return frame_.left + (value - x_min_) / span * frame_.inner_width();
  }
  double Y(double value) const {
    const double span = y_ticks_.back() - y_ticks_.front();
    return frame_.top + (y_ticks_.back() - value) / span * frame_.inner_height();
  }

  // Lines and numbers of the vertical axis.
  std::string YAxis() const {
    std::string svg;
    for (const double tick : y_ticks_) {
      const double y = Y(tick);
      absl::StrAppendFormat(&svg, R"(<line class="grid" x1="%.2f" y1="%.2f" x2="%.2f" y2="%.2f"/>)",
                            frame_.left, y, frame_.width - frame_.right, y);
      absl::StrAppendFormat(&svg, R"(<text class="tick end" x="%.2f" y="%.2f">%s</text>)",
                            frame_.left - 7, y + 4, ShortNumber(tick));
    }
    return svg;
  }

  std::string XTick(double value, std::string_view label) const {
    return absl::StrFormat(R"(<text class="tick middle" x="%.2f" y="%.2f">%s</text>)", X(value),
                           frame_.height - 7, label);
  }

 private:
  Frame frame_;
  double x_min_, x_max_;
  std::vector<double> y_ticks_;  // first and last are the ends of the axis
};

std::string Wrap(const Frame& frame, std::string_view label, std::string_view content) {
  return absl::StrFormat(R"(<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>)",
                         frame.width, frame.height, HtmlEscape(label), content);
}

std::string Bar(std::string_view css_class, double x, double width, double y, double height,
                std::string_view title) {
  return absl::StrFormat(
      R"(<rect class="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f" rx="1.5"><title>%s</title></rect>)",
      css_class, x, y, width, height, HtmlEscape(title));
}

constexpr size_t kBins = 10;

std::array<double, kBins> CountBins(std::span<const double> values) {
  std::array<double, kBins> counts = {};
  for (const double value : values) {
    const double bin = std::clamp(value, 0.0, 1.0) * kBins;
    ++counts[std::min(static_cast<size_t>(bin), kBins - 1)];
  }
  return counts;
}

// The smallest and largest value, and 0.
std::pair<double, double> RangeWithZero(std::span<const double> values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {std::min(0.0, *min), std::max(0.0, *max)};
}

}  // namespace

std::vector<double> NiceTicks(double min, double max, int count) {
  if (max <= min) max = min + std::max(1e-6, std::abs(min) * 0.1);
  const double raw = (max - min) / std::max(1, count);
  const double magnitude = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * magnitude;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * magnitude >= raw) {
      step = factor * magnitude;
      break;
    }
  }
  const double first = std::floor(min / step + 1e-9), last = std::ceil(max / step - 1e-9);
  std::vector<double> ticks;
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::vector<double> Condense(std::span<const double> values, size_t limit) {
  if (values.size() <= limit) return {values.begin(), values.end()};
  std::vector<double> means;
  for (size_t i = 0; i < limit; ++i) {
    const size_t first = i * values.size() / limit, last = (i + 1) * values.size() / limit;
    double sum = 0;
    for (size_t j = first; j < last; ++j) sum += values[j];
    means.push_back(sum / static_cast<double>(last - first));
  }
  return means;
}

std::string ToxicityHistogram(std::span<const double> before, std::span<const double> after) {
  const auto ours = CountBins(before), theirs = CountBins(after);
  const double highest = std::max({*std::max_element(ours.begin(), ours.end()),
                                   *std::max_element(theirs.begin(), theirs.end()), 1.0});
  const Frame frame{.width = 560, .height = 250};
  const Plot plot(frame, 0, 1, NiceTicks(0, highest, 4));
  std::string svg = plot.YAxis();
  const double bin = frame.inner_width() / kBins, bar = bin * 0.4;
  for (size_t i = 0; i < kBins; ++i) {
    const double x = frame.left + bin * (static_cast<double>(i) + 0.08);
    const std::string range = absl::StrFormat("toxicity %.1f to %.1f: ", i / 10.0, (i + 1) / 10.0);
    svg += Bar("before", x, bar, plot.Y(ours[i]), plot.Y(0) - plot.Y(ours[i]),
               StrCat(range, ours[i], " before"));
    svg += Bar("after", x + bin * 0.44, bar, plot.Y(theirs[i]), plot.Y(0) - plot.Y(theirs[i]),
               StrCat(range, theirs[i], " after"));
  }
  for (int i = 0; i <= 10; i += 2) svg += plot.XTick(i / 10.0, absl::StrFormat("%.1f", i / 10.0));
  return Wrap(frame, "Histogram of toxicity, before and after", svg);
}

std::string DifferenceBars(std::span<const double> differences) {
  constexpr size_t kMostBars = 240;
  if (differences.empty()) return "";
  const std::vector<double> values = Condense(differences, kMostBars);
  const auto [lowest, highest] = RangeWithZero(values);
  const Frame frame{.width = 560, .height = 250};
  const Plot plot(frame, 0, static_cast<double>(values.size()), NiceTicks(lowest, highest, 5));
  std::string svg = plot.YAxis();
  const double width = frame.inner_width() / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double top = plot.Y(std::max(values[i], 0.0)), end = plot.Y(std::min(values[i], 0.0));
    svg += Bar(values[i] >= 0 ? "gain" : "loss", plot.X(static_cast<double>(i)) + width * 0.1,
               width * 0.8, top, end - top, absl::StrFormat("%+.3f", values[i]));
  }
  svg += plot.XTick(static_cast<double>(values.size()) / 2,
                    StrCat(differences.size(), " dialogues, sorted"));
  return Wrap(frame, "Reward difference of each dialogue, sorted", svg);
}

std::string LineChart(std::string_view label, std::span<const double> steps,
                      std::span<const double> values) {
  constexpr size_t kMostPoints = 400;
  if (steps.empty()) return "";
  const std::vector<double> xs = Condense(steps, kMostPoints), ys = Condense(values, kMostPoints);
  const auto [lowest, highest] = std::minmax_element(ys.begin(), ys.end());
  const Frame frame{.width = 560, .height = 210};
  const Plot plot(frame, xs.front(), xs.back(), NiceTicks(*lowest, *highest, 4));
  std::string path;
  for (size_t i = 0; i < xs.size(); ++i) {
    absl::StrAppendFormat(&path, "%s%.2f %.2f", i == 0 ? "M" : " L", plot.X(xs[i]), plot.Y(ys[i]));
  }
  std::string svg = StrCat(plot.YAxis(), R"(<path class="line" d=")", path, R"("/>)");
  absl::StrAppendFormat(&svg, R"(<circle class="dot" cx="%.2f" cy="%.2f" r="3.5"/>)",
                        plot.X(xs.back()), plot.Y(ys.back()));
  svg += plot.XTick(xs.front(), ShortNumber(xs.front()));
  const double middle = (xs.front() + xs.back()) / 2;
  if (xs.size() > 1) {
    svg += plot.XTick(middle, "step");
    svg += plot.XTick(xs.back(), ShortNumber(xs.back()));
  }
  return Wrap(frame, label, svg);
}

}  // namespace tact
