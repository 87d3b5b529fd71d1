#include "services/evaluation/toxicity_stats.h"

#include <algorithm>
#include <cmath>

namespace tact {

v1::ToxicityStats SummariseToxicity(std::span<const double> toxicities, double threshold) {
  v1::ToxicityStats stats;
  if (toxicities.empty()) return stats;
  const double n = static_cast<double>(toxicities.size());
  double sum = 0, squares = 0, above = 0;
  for (const double x : toxicities) sum += x;
  const double mean = sum / n;
  for (const double x : toxicities) {
    squares += (x - mean) * (x - mean);
    above += x >= threshold;
  }
  stats.set_mean(mean);
  stats.set_stddev(std::sqrt(squares / n));
  stats.set_max(*std::max_element(toxicities.begin(), toxicities.end()));
  stats.set_ratio(above / n);
  return stats;
}

}  // namespace tact
