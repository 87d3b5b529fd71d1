// How large a paired difference is, whatever the number of pairs.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_EFFECT_SIZE_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_EFFECT_SIZE_H_

#include <optional>
#include <span>

#include "services/evaluation/statistics/wilcoxon.h"

namespace tact::statistics {

// Cohen's d of paired differences (d_z; Cohen 1988, Lakens 2013): mean / sample standard deviation.
// 0 where all are 0; nothing where all are the same and not 0, or there is one only.
std::optional<double> CohensD(std::span<const double> differences);

// Matched-pairs rank-biserial correlation (Kerby 2014): (W+ - W-) / (W+ + W-), -1 to 1; 0 without
// a difference.
double RankBiserial(const SignedRanks& ranks);

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_EFFECT_SIZE_H_
