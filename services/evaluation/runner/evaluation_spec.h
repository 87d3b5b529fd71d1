// What RunEvaluation accepts: defaults filled in, everything checked before anything is stored.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_SPEC_H_
#define TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_SPEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tact/v1/evaluation.pb.h"
#include "tact/v1/policy.pb.h"
#include "tact/v1/reward.pb.h"

namespace tact {

inline constexpr int kMaxExamples = 10000;

void FillDefaults(v1::EvaluationSpec& spec);

// INVALID_ARGUMENT names the field (with its index), the value and the cure.
absl::Status CheckSpec(const v1::EvaluationSpec& spec);

// INVALID_ARGUMENT names `field` unless the threshold is 0 to 1.
absl::Status CheckThreshold(double threshold, std::string_view field);

// The prompt of each example.
absl::StatusOr<std::vector<std::string>> BuildPrompts(const v1::EvaluationSpec& spec);

// What of `model` is served, which must be the version that the spec asks for, if it does:
// FAILED_PRECONDITION names both versions and the cure.
absl::StatusOr<v1::ServedModel> FindServed(const v1::GetModelResponse& model,
                                           const v1::EvaluationSpec& spec);

// Index of `label` among a classifier's; INVALID_ARGUMENT names `field` and lists the labels.
absl::StatusOr<int> FindLabel(const v1::GetRewardModelResponse& model, const std::string& label,
                              const std::string& field);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_SPEC_H_
