#include "services/evaluation/report/svg_plot.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"

namespace tact {

double Plot::X(double value) const {
  const double span = x_max_ > x_min_ ? x_max_ - x_min_ : 1;
  return frame_.left + (value - x_min_) / span * frame_.inner_width();
}

double Plot::Y(double value) const {
  const double span = y_ticks_.back() - y_ticks_.front();
  return frame_.top + (y_ticks_.back() - value) / span * frame_.inner_height();
}

std::string Plot::YAxis() const {
  std::string svg;
  for (const double tick : y_ticks_) {
    const double y = Y(tick);
    svg += SvgLine("grid", frame_.left, y, frame_.width - frame_.right, y);
    absl::StrAppendFormat(&svg, R"(<text class="tick end" x="%.2f" y="%.2f">%s</text>)",
                          frame_.left - 7, y + 4, ShortNumber(tick));
  }
  return svg;
}

std::string Plot::XTick(double value, std::string_view label) const {
  return absl::StrFormat(R"(<text class="tick middle" x="%.2f" y="%.2f">%s</text>)", X(value),
                         frame_.height - 7, HtmlEscape(label));
}

std::string Plot::XLine(double value, std::string_view css_class) const {
  return SvgLine(css_class, X(value), frame_.top, X(value), frame_.height - frame_.bottom);
}

std::string WrapSvg(const Frame& frame, const ChartText& text, std::string_view content) {
  const std::string id = HtmlEscape(text.id);
  return absl::StrFormat(
      R"(<svg viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="%s-t" aria-describedby="%s-d">)"
      R"(<title id="%s-t">%s</title><desc id="%s-d">%s</desc>%s</svg>)",
      frame.width, frame.height, id, id, id, HtmlEscape(text.title), id,
      HtmlEscape(text.description), content);
}

std::string SvgBar(std::string_view css_class, double x, double width, double y, double height,
                   std::string_view title) {
  return absl::StrFormat(
      R"(<rect class="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f" rx="1.5"><title>%s</title></rect>)",
      css_class, x, y, width, height, HtmlEscape(title));
}

std::string SvgLine(std::string_view css_class, double x1, double y1, double x2, double y2) {
  return absl::StrFormat(R"(<line class="%s" x1="%.2f" y1="%.2f" x2="%.2f" y2="%.2f"/>)", css_class,
                         x1, y1, x2, y2);
}

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

}  // namespace tact
