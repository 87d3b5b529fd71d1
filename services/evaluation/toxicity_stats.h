// Statistics of toxicity as the reference notebook reports them, with numpy's definitions.
#ifndef TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_
#define TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_

#include <span>

#include "services/evaluation/summary/evaluation_summary.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// mean, population standard deviation, max, share at or above the threshold, quantiles; zeros for
// none.
v1::ToxicityStats SummariseToxicity(std::span<const double> toxicities,
                                    double threshold = kToxicThreshold);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_TOXICITY_STATS_H_
