// Statistics of toxicity as the reference notebook reports them, with numpy's definitions.
#ifndef TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_
#define TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_

#include <span>

#include "tact/v1/evaluation.pb.h"

namespace tact {

inline constexpr double kToxicThreshold = 0.5;

// mean, population standard deviation, max, share at or above the threshold; zeros for none.
v1::ToxicityStats SummariseToxicity(std::span<const double> toxicities,
                                    double threshold = kToxicThreshold);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_
