// Mean, standard deviation and quantiles of a set of numbers, with numpy's definitions.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_DISTRIBUTION_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_DISTRIBUTION_H_

#include <cstddef>
#include <span>

namespace tact::statistics {

// Σ x / n; 0 of nothing.
double Mean(std::span<const double> values);

// sqrt(Σ (x - mean)² / (n - ddof)), as numpy.std: ddof 0 of a population, 1 of a sample. 0 where
// n <= ddof.
double StandardDeviation(std::span<const double> values, size_t ddof = 0);

// numpy.percentile's default, linear between neighbours (type 7 of Hyndman & Fan 1996): the value
// at place share (n - 1) of the sorted values. share 0 to 1; `sorted` ascending, not empty.
double Quantile(std::span<const double> sorted, double share);

// Share of the values at or above `threshold`; 0 of nothing.
double ShareFrom(std::span<const double> values, double threshold);

// Population standard deviation; zeros of nothing.
struct Distribution {
  double mean = 0, stddev = 0, min = 0, max = 0;
  double p5 = 0, p25 = 0, p50 = 0, p75 = 0, p95 = 0, p99 = 0;
};
Distribution Describe(std::span<const double> values);

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_DISTRIBUTION_H_
