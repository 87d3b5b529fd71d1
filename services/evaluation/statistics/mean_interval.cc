#include "services/evaluation/statistics/mean_interval.h"

#include <algorithm>
#include <vector>

#include "services/evaluation/statistics/differences.h"
#include "services/evaluation/statistics/distribution.h"
#include "services/evaluation/statistics/numpy_random.h"

namespace tact::statistics {
namespace {

double ResampledMean(std::span<const double> values, NumpyRandom& random) {
  const auto n = static_cast<uint32_t>(values.size());
  double sum = 0;
  for (uint32_t i = 0; i < n; ++i) sum += values[random.Below(n)];
  return sum / n;
}

}  // namespace

Interval BootstrapMean(std::span<const double> values, const BootstrapOptions& options) {
  if (values.empty()) return {};
  const Differences standing = Standing(values);
  NumpyRandom random(options.seed);
  std::vector<double> means;
  for (uint32_t i = 0; i < options.resamples; ++i) {
    means.push_back(ResampledMean(standing.values, random));
  }
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  const Interval found = {Quantile(means, tail), Quantile(means, 1 - tail)};
  return standing.mirrored ? Interval{-found.high, -found.low} : found;
}

}  // namespace tact::statistics
