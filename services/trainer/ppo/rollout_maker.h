// Makes batches: rollouts from the policy replicas, then their scores from the reward replicas.
#ifndef TACT_SERVICES_TRAINER_PPO_ROLLOUT_MAKER_H_
#define TACT_SERVICES_TRAINER_PPO_ROLLOUT_MAKER_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/clients/reward_clients.h"
#include "services/trainer/ppo/policy_link.h"
#include "services/trainer/ppo/rollout_batch.h"

namespace tact {

// Any thread may call.
class RolloutMaker {
 public:
  // All must outlive the maker.
  RolloutMaker(const v1::JobSpec& spec, PolicyLink& policy, RewardClients& reward)
      : spec_(spec), policy_(policy), reward_(reward) {}

  // Waits for services that are down, as the hooks allow. A rollout that cannot be scored is left
  // without a score; a batch without any score is asked for again.
  absl::StatusOr<MadeBatch> Make(const BatchOrder& order, const RetryHooks& hooks);

 private:
  absl::Status Score(const BatchOrder& order, const RetryHooks& hooks, MadeBatch& batch);

  const v1::JobSpec& spec_;
  PolicyLink& policy_;
  absl::Mutex mutex_;
  RewardClients& reward_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUT_MAKER_H_
