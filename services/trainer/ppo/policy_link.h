// What a PPO job does with the policy replicas: pushes weights, takes rollouts, replays one.
#ifndef TACT_SERVICES_TRAINER_PPO_POLICY_LINK_H_
#define TACT_SERVICES_TRAINER_PPO_POLICY_LINK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/rollout_batch.h"
#include "services/trainer/weights/publisher.h"

namespace tact {

// Every call waits (job WAITING) while a replica is down, and returns the context's status where
// the job is to stop. Collect and StepOf are for any thread, the others for the learner's.
class PolicyLink {
 public:
  PolicyLink(JobContext& context, Publisher& publisher)
      : context_(context), spec_(context.spec()), publisher_(publisher) {}

  // Makes sure that the replicas serve what the learner's adapter stands on.
  absl::Status PublishParentOf(PpoLearner& learner);
  // The learner's adapter, or all its weights, under a new version, on as many replicas as the
  // spec's publish settings ask for.
  // `steps_done` is what the learner has behind it.
  absl::Status Push(PpoLearner& learner, uint32_t steps_done);
  // One rollout for each prompt, made by the order's version or a later one; its step keys the
  // draws.
  absl::StatusOr<std::vector<v1::Rollout>> Collect(const BatchOrder& order,
                                                   const RetryHooks& hooks);
  // The steps that the learner had done when it pushed a version.
  uint32_t StepOf(uint64_t version) const;
  // Largest difference between the learner's logprobs of a rollout and a replica's, which has
  // acknowledged the last push. A large one is counted, logged and noted on the job.
  absl::StatusOr<double> Replay(PpoLearner& learner, const TokenSequence& rollout, uint32_t step);

  uint64_t version() const { return version_; }  // of the last push

 private:
  PublishTerms Terms() const;
  absl::StatusOr<v1::TokenLogprobs> ReplayedLogprobs(const v1::ScoreLogprobsRequest& request,
                                                     uint32_t step);
  absl::Status RaiseAlarm(double difference);

  JobContext& context_;
  // A copy: every report of the learner's thread renews the context's, while others collect.
  const v1::JobSpec spec_;
  Publisher& publisher_;
  std::string parent_;  // served name
  uint64_t version_ = 0;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, uint32_t> steps_ ABSL_GUARDED_BY(mutex_);  // by the version pushed after them
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_POLICY_LINK_H_
