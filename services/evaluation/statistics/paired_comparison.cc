#include "services/evaluation/statistics/paired_comparison.h"

#include <algorithm>
#include <vector>

#include "services/evaluation/statistics/differences.h"
#include "services/evaluation/statistics/distribution.h"
#include "services/evaluation/statistics/effect_size.h"

namespace tact::statistics {
namespace {

// The same to the last bit in any order.
double OrderlessMean(std::span<const double> values) {
  const Differences standing = Standing(values);
  return standing.mirrored ? -Mean(standing.values) : Mean(standing.values);
}

}  // namespace

PairedComparison ComparePairs(std::span<const double> before, std::span<const double> after,
                              const PairedOptions& options) {
  std::vector<double> differences(before.size());
  std::transform(after.begin(), after.end(), before.begin(), differences.begin(),
                 [](double a, double b) { return a - b; });
  PairedComparison out;
  out.mean_before = OrderlessMean(before);
  out.mean_after = OrderlessMean(after);
  out.mean_difference = OrderlessMean(differences);
  out.interval = BootstrapMean(differences, options.bootstrap);
  out.sign_flips = SignFlipTest(differences, options.sign_flips);
  out.wilcoxon = WilcoxonTest(differences);
  out.cohens_d = CohensD(differences);
  out.rank_biserial = RankBiserial(out.wilcoxon.ranks);
  return out;
}

}  // namespace tact::statistics
