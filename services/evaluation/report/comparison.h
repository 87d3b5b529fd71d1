// Two evaluations of the same examples side by side.
#ifndef TACT_SERVICES_EVALUATION_REPORT_COMPARISON_H_
#define TACT_SERVICES_EVALUATION_REPORT_COMPARISON_H_

#include <functional>

#include "absl/status/statusor.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// Both with results; matched by example id. Rows sorted by reward difference, largest first, and
// the tests of them. What the summary of an older record lacks is made from its results.
// FAILED_PRECONDITION if one has not succeeded, or the examples, labels or thresholds differ;
// INVALID_ARGUMENT for `resampling` out of range; CANCELLED once `stopped`.
absl::StatusOr<v1::CompareResponse> CompareEvaluations(
    const v1::Evaluation& before, const v1::Evaluation& after,
    const v1::ResamplingOptions& resampling = {},
    const std::function<bool()>& stopped = [] { return false; });

// FAILED_PRECONDITION unless it has succeeded; `field` names it in the error.
absl::Status CheckSucceeded(const v1::Evaluation& evaluation, std::string_view field);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_COMPARISON_H_
