// Boxes of quantiles, one row each.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/svg_chart.h"
#include "services/evaluation/report/svg_plot.h"

namespace tact {
namespace {

constexpr double kRowHeight = 52, kBoxHeight = 22;

std::string QuantileTitle(const QuantileRow& row) {
  const v1::Quantiles& q = row.quantiles;
  return StrCat(row.label, ": 5 % ", ShortNumber(q.p5()), ", 25 % ", ShortNumber(q.p25()),
                ", median ", ShortNumber(q.p50()), ", 75 % ", ShortNumber(q.p75()), ", 95 % ",
                ShortNumber(q.p95()), ", 99 % ", ShortNumber(q.p99()));
}

std::string BoxOf(const Plot& plot, const QuantileRow& row, double middle) {
  const v1::Quantiles& q = row.quantiles;
  const double top = middle - kBoxHeight / 2, end = middle + kBoxHeight / 2;
  std::string svg = SvgLine("mark", plot.X(q.p5()), middle, plot.X(q.p95()), middle);
  for (const double share : {q.p5(), q.p95()}) {
    svg += SvgLine("mark", plot.X(share), middle - 5, plot.X(share), middle + 5);
  }
  // A box without width would not be seen.
  svg += SvgBar(row.css_class, plot.X(q.p25()), std::max(1.5, plot.X(q.p75()) - plot.X(q.p25())),
                top, kBoxHeight, QuantileTitle(row));
  svg += SvgLine("mark", plot.X(q.p50()), top, plot.X(q.p50()), end);
  absl::StrAppendFormat(&svg, R"(<circle class="%s" cx="%.2f" cy="%.2f" r="3.5"/>)", row.css_class,
                        plot.X(q.p99()), middle);
  return svg;
}

}  // namespace

std::string QuantileBoxes(const ChartText& text, std::span<const QuantileRow> rows) {
  double lowest = 0, highest = 0;
  for (const QuantileRow& row : rows) {
    lowest = std::min(lowest, row.quantiles.p5());
    highest = std::max(highest, row.quantiles.p99());
  }
  const std::vector<double> ticks = NiceTicks(lowest, highest, 5);
  const Frame frame{.width = 560,
                    .height = 44 + kRowHeight * static_cast<double>(rows.size()),
                    .left = 64,
                    .right = 22};
  const Plot plot(frame, ticks.front(), ticks.back(), {0, 1});
  std::string svg;
  for (const double tick : ticks) {
    svg += plot.XLine(tick, "grid") + plot.XTick(tick, ShortNumber(tick));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const double middle = frame.top + kRowHeight * (static_cast<double>(i) + 0.5);
    absl::StrAppendFormat(&svg, R"(<text class="tick end" x="%.2f" y="%.2f">%s</text>)",
                          frame.left - 9, middle + 4, HtmlEscape(rows[i].label));
    svg += BoxOf(plot, rows[i], middle);
  }
  return WrapSvg(frame, text, svg);
}

}  // namespace tact
