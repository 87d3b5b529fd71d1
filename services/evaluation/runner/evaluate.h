// One evaluation from its spec to its results: prompts, responses, scores, means. Knows neither
// network, disk nor clock.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_EVALUATE_H_
#define TACT_SERVICES_EVALUATION_RUNNER_EVALUATE_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "services/evaluation/runner/model_services.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// Fills results, weights and summary of `evaluation` from its spec, `batch` examples at a
// time; `progress` hears how many are done. The error of a service, NOT_FOUND or
// FAILED_PRECONDITION if the model or its version is not served, or ABORTED if the weights changed
// on the way; `evaluation` is then partly filled.
absl::Status Evaluate(ModelServices& services, int batch,
                      const std::function<void(uint32_t)>& progress, v1::Evaluation& evaluation);

// Toxicity of texts: probabilities of `toxic_label`. A text that cannot be scored is an
// error that names it ("texts[3]").
absl::StatusOr<v1::ComputeToxicityResponse> ScoreToxicity(
    ModelServices& services, const v1::ComputeToxicityRequest& request);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_EVALUATE_H_
