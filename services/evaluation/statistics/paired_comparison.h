// Everything that is said of one measure before and after: interval, tests, effect sizes.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_PAIRED_COMPARISON_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_PAIRED_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <span>

#include "services/evaluation/statistics/mean_interval.h"
#include "services/evaluation/statistics/sign_flip.h"
#include "services/evaluation/statistics/wilcoxon.h"

namespace tact::statistics {

struct PairedOptions {
  BootstrapOptions bootstrap;
  SignFlipOptions sign_flips;
};

// Differences are after - before.
struct PairedComparison {
  double mean_before = 0, mean_after = 0, mean_difference = 0;
  Interval interval;  // of the mean difference
  SignFlipResult sign_flips;
  WilcoxonResult wilcoxon;
  std::optional<double> cohens_d;
  double rank_biserial = 0;
};

// Pair i is before[i], after[i]; both of one length. Neither the order of the pairs nor exchanging
// the sides changes anything but signs.
PairedComparison ComparePairs(std::span<const double> before, std::span<const double> after,
                              const PairedOptions& options = {});

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_PAIRED_COMPARISON_H_
