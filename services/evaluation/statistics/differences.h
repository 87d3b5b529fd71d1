// Differences of pairs in one standing form, so that what is computed from them depends neither on
// the order of the pairs nor, but for signs, on which side came first.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_DIFFERENCES_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_DIFFERENCES_H_

#include <span>
#include <vector>

namespace tact::statistics {

struct Differences {
  std::vector<double> values;  // ascending
  bool mirrored = false;       // `values` are the negated differences
};

// Of the sorted differences and their sorted mirror image, the one that comes first
// lexicographically.
Differences Standing(std::span<const double> differences);

// Absolute values of those that are not 0, ascending.
std::vector<double> NonzeroSizes(std::span<const double> differences);

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_DIFFERENCES_H_
