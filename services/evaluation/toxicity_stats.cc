#include "services/evaluation/toxicity_stats.h"

#include "services/evaluation/statistics/distribution.h"

namespace tact {

v1::ToxicityStats SummariseToxicity(std::span<const double> toxicities, double threshold) {
  const statistics::Distribution found = statistics::Describe(toxicities);
  v1::ToxicityStats stats;
  stats.set_mean(found.mean);
  stats.set_stddev(found.stddev);
  stats.set_max(found.max);
  stats.set_threshold(threshold);
  stats.set_ratio(statistics::ShareFrom(toxicities, threshold));
  *stats.mutable_quantiles() = ToQuantiles(found);
  return stats;
}

}  // namespace tact
