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

struct RolloutPatience {
  double idle_seconds = 120;  // a stream that sends nothing for so long is left
  double help_seconds = 10;   // what a replica sits on so long, an idle one makes as well
};

// Asks the replicas that serve the request's model at min_weight_version or above for the prompts,
// a share each. One that lags behind, or comes back, is brought up to date first and then joins.
// What a replica does not finish goes to the others; the first answer to a prompt counts. The
// rollouts come back in the order of the prompts. UNAVAILABLE and the like when no replica is left,
// with the error of the last one; any other error of a replica at once. `check` is asked all the
// time, from several threads, and ends the call with its error.
absl::StatusOr<std::vector<v1::Rollout>> CollectRollouts(Publisher& publisher,
                                                         const v1::StreamRolloutsRequest& request,
                                                         const std::function<absl::Status()>& check,
                                                         const RolloutPatience& patience = {});

// INTERNAL unless the rollout is whole: tokens, a finite logprob each, the version that was asked
// for or a later one.
absl::Status CheckRollout(const v1::Rollout& rollout, uint64_t min_weight_version);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUTS_H_
