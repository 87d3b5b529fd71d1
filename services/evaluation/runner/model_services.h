// What an evaluation needs of other services, as an interface, so that the evaluation itself knows
// no network.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_MODEL_SERVICES_H_
#define TACT_SERVICES_EVALUATION_RUNNER_MODEL_SERVICES_H_

#include <string>

#include "absl/status/statusor.h"
#include "tact/v1/policy.pb.h"
#include "tact/v1/reward.pb.h"

namespace tact {

class ModelServices {
 public:
  virtual ~ModelServices() = default;
  // Of one served name.
  virtual absl::StatusOr<v1::GetModelResponse> GetPolicyModel(const std::string& name) = 0;
  virtual absl::StatusOr<v1::GenerateResponse> Generate(const v1::GenerateRequest& request) = 0;
  virtual absl::StatusOr<v1::ScoreResponse> Score(const v1::ScoreRequest& request) = 0;
  virtual absl::StatusOr<v1::GetRewardModelResponse> GetRewardModel() = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_MODEL_SERVICES_H_
