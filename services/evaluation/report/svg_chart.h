// Plots as inline SVG. Colours and fonts come from the page's style sheet (classes "before",
// "after", "gain", "loss", "line", "grid", "tick"), so that they follow light and dark.
#ifndef TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_
#define TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tact {

// Round numbers that cover [min, max] in about `count` steps; at least two.
std::vector<double> NiceTicks(double min, double max, int count);

// At most `limit` values: means of neighbours where there are more.
std::vector<double> Condense(std::span<const double> values, size_t limit);

// Counts in ten bins of [0, 1], before and after side by side.
std::string ToxicityHistogram(std::span<const double> before, std::span<const double> after);

// One bar for each value, in the given order, up from 0 or down.
std::string DifferenceBars(std::span<const double> differences);

// A line through (steps[i], values[i]); both finite and of one length, steps ascending.
std::string LineChart(std::string_view label, std::span<const double> steps,
                      std::span<const double> values);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_SVG_CHART_H_
