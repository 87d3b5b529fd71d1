// A curve over steps.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/svg_chart.h"
#include "services/evaluation/report/svg_plot.h"

namespace tact {

std::string LineChart(const ChartText& text, std::span<const double> steps,
                      std::span<const double> values) {
  constexpr size_t kMostPoints = 400;
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
  if (xs.size() > 1) {
    svg += plot.XTick((xs.front() + xs.back()) / 2, "step");
    svg += plot.XTick(xs.back(), ShortNumber(xs.back()));
  }
  return WrapSvg(frame, text, svg);
}

}  // namespace tact
