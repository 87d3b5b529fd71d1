// Wilcoxon's signed-rank test (1945) of paired differences.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_WILCOXON_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_WILCOXON_H_

#include <cstddef>
#include <span>
#include <vector>

namespace tact::statistics {

// Differences that are 0 are left out (Wilcoxon's own way); the others are ranked by size from 1,
// equal ones share their mean rank.
struct SignedRanks {
  double plus = 0;            // W+, sum of the ranks of positive differences
  double minus = 0;           // W-
  std::vector<double> ranks;  // of all, ascending
};
SignedRanks RankDifferences(std::span<const double> differences);

// Up to so many differences the distribution is counted, above it is taken as normal.
inline constexpr size_t kMaxExactRanks = 50;

struct WilcoxonResult {
  SignedRanks ranks;
  double p = 1;  // two-sided
  bool exact = true;
};

// Exact: p = 2 P(W <= min(W+, W-)), at most 1, where each rank is in W with probability 1/2; ties
// are counted with their mean ranks. Normal: z = (W+ - n (n + 1) / 4) / s with
// s² = n (n + 1) (2 n + 1) / 24 - Σ (t³ - t) / 48 over groups of t equal sizes, no continuity
// correction: scipy.stats.wilcoxon's zero_method "wilcox". p is 1 without a difference.
WilcoxonResult WilcoxonTest(std::span<const double> differences);

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_WILCOXON_H_
