// Percentile bootstrap interval of a mean (Efron 1979; Efron & Tibshirani 1993, chapter 13).
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_MEAN_INTERVAL_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_MEAN_INTERVAL_H_

#include <cstdint>
#include <span>

namespace tact::statistics {

struct BootstrapOptions {
  double confidence = 0.95;   // above 0, below 1
  uint32_t resamples = 1000;  // at least 1
  uint32_t seed = 0;
};

struct Interval {
  double low = 0, high = 0;
};

// Means of `resamples` draws of n values with replacement; low and high are their quantiles
// (1 - confidence) / 2 and (1 + confidence) / 2. Draws are those of numpy's RandomState(seed)
// .choice(n, n) on the standing form of the values (differences.h): of differences of pairs it is
// the paired bootstrap. {0, 0} of nothing.
Interval BootstrapMean(std::span<const double> values, const BootstrapOptions& options = {});

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_MEAN_INTERVAL_H_
