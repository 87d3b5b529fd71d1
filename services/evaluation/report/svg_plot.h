// The frame of a plot as inline SVG: axes, ticks, and the words for those who do not see it.
#ifndef TACT_SERVICES_EVALUATION_REPORT_SVG_PLOT_H_
#define TACT_SERVICES_EVALUATION_REPORT_SVG_PLOT_H_

#include <string>
#include <string_view>
#include <vector>

#include "services/evaluation/report/svg_chart.h"

namespace tact {

// A plot's box in SVG units: margins leave room for ticks.
struct Frame {
  double width, height;
  double left = 46, right = 10, top = 12, bottom = 26;
  double inner_width() const { return width - left - right; }
  double inner_height() const { return height - top - bottom; }
};

// Maps values to positions inside a frame. The first and last of `y_ticks` are the ends of the
// vertical axis.
class Plot {
 public:
  Plot(Frame frame, double x_min, double x_max, std::vector<double> y_ticks)
      : frame_(frame), x_min_(x_min), x_max_(x_max), y_ticks_(std::move(y_ticks)) {}

  double X(double value) const;
  double Y(double value) const;
  // Lines and numbers of the vertical axis.
  std::string YAxis() const;
  std::string XTick(double value, std::string_view label) const;
  // A line over the whole height at `value`.
  std::string XLine(double value, std::string_view css_class) const;

 private:
  Frame frame_;
  double x_min_, x_max_;
  std::vector<double> y_ticks_;
};

// The whole image: role img, named by a title and a desc.
std::string WrapSvg(const Frame& frame, const ChartText& text, std::string_view content);

// `title` is what a pointer on the bar shows.
std::string SvgBar(std::string_view css_class, double x, double width, double y, double height,
                   std::string_view title);
std::string SvgLine(std::string_view css_class, double x1, double y1, double x2, double y2);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_SVG_PLOT_H_
