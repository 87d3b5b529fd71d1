// Rollouts from the policy replicas, all of them, each prompt once.
#ifndef TACT_SERVICES_TRAINER_PPO_ROLLOUTS_H_
#define TACT_SERVICES_TRAINER_PPO_ROLLOUTS_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/weights/publisher.h"
#include "tact/v1/policy.pb.h"

namespace tact {

// Asks the replicas for the prompts of `request`, a share each, and gives what a replica did not
// finish to the others. The rollouts come back in the order of the prompts. A replica that has come
// back without the weights gets them again; UNAVAILABLE when no replica is left, with the error of
// the last one. `check` is asked at every rollout and ends the call with its error.
absl::StatusOr<std::vector<v1::Rollout>> CollectRollouts(
    Publisher& publisher, const v1::StreamRolloutsRequest& request,
    const std::function<absl::Status()>& check);

// INTERNAL unless the rollout is whole: tokens, a finite logprob each, the version that was asked
// for or a later one.
absl::Status CheckRollout(const v1::Rollout& rollout, uint64_t min_weight_version);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUTS_H_
