#include "services/evaluation/statistics/effect_size.h"

#include "services/evaluation/statistics/differences.h"
#include "services/evaluation/statistics/distribution.h"

namespace tact::statistics {

std::optional<double> CohensD(std::span<const double> differences) {
  const Differences standing = Standing(differences);
  if (standing.values.empty()) return 0;
  // Not by the deviation: that of equal numbers is a rounding error rather than 0.
  if (standing.values.front() == standing.values.back()) {
    if (standing.values.front() == 0) return 0;
    return std::nullopt;
  }
  const double d = Mean(standing.values) / StandardDeviation(standing.values, 1);
  return standing.mirrored ? -d : d;
}

double RankBiserial(const SignedRanks& ranks) {
  const double all = ranks.plus + ranks.minus;
  return all == 0 ? 0 : (ranks.plus - ranks.minus) / all;
}

}  // namespace tact::statistics
