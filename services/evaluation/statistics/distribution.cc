#include "services/evaluation/statistics/distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace tact::statistics {

double Mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double StandardDeviation(std::span<const double> values, size_t ddof) {
  if (values.size() <= ddof) return 0;
  const double mean = Mean(values);
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - ddof));
}

double Quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(position));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double t = position - static_cast<double>(below), step = sorted[above] - sorted[below];
  // From the nearer neighbour, so that equal neighbours give exactly their value.
  return t >= 0.5 ? sorted[above] - step * (1 - t) : sorted[below] + step * t;
}

double ShareFrom(std::span<const double> values, double threshold) {
  if (values.empty()) return 0;
  const auto hits = std::count_if(values.begin(), values.end(),
                                  [threshold](double value) { return value >= threshold; });
  return static_cast<double>(hits) / static_cast<double>(values.size());
}

Distribution Describe(std::span<const double> values) {
  if (values.empty()) return {};
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return {.mean = Mean(values),
          .stddev = StandardDeviation(values),
          .min = sorted.front(),
          .max = sorted.back(),
          .p5 = Quantile(sorted, 0.05),
          .p25 = Quantile(sorted, 0.25),
          .p50 = Quantile(sorted, 0.5),
          .p75 = Quantile(sorted, 0.75),
          .p95 = Quantile(sorted, 0.95),
          .p99 = Quantile(sorted, 0.99)};
}

}  // namespace tact::statistics
