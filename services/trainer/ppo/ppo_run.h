// The loop of a PPO job: rollouts, scores, learning, push, replay; checkpoints between steps.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/clients/reward_clients.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/policy_link.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/prompts.h"

namespace tact {

class PpoRun {
 public:
  // All references must outlive the run.
  PpoRun(JobContext& context, Publisher& publisher, RewardClients& reward, PpoLearner& learner,
         std::vector<PpoPrompt> prompts);

  // From the newest checkpoint to the last step; the learner then holds the result. Returns the
  // context's status where the job is to stop, with a checkpoint of the last finished step.
  absl::Status Run();

 private:
  absl::Status RunSteps();
  absl::Status TakeStep(v1::StepMetrics& metrics);
  absl::StatusOr<std::vector<v1::Rollout>> Collect();
  absl::StatusOr<ScoredBatch> Score(const std::vector<v1::Rollout>& rollouts);
  absl::Status Learn(const ScoredBatch& batch, v1::StepMetrics& metrics);
  const PpoPrompt& PromptOf(uint64_t item);
  absl::Status ReportSize();
  absl::Status Save();
  absl::Status Restore();
  absl::Status ReportUnreported(const std::string& metrics);

  JobContext& context_;
  const v1::JobSpec spec_;
  RewardClients& reward_;
  PpoLearner& learner_;
  PolicyLink policy_;
  const std::vector<PpoPrompt> prompts_;
  PromptOrder order_;
  KlController kl_;
  uint32_t step_ = 0;  // finished
  uint32_t saved_step_ = 0;
  v1::StepMetrics finished_;  // of the last finished step
  uint32_t retried_ = 0;      // scores of this step that were asked for again
  double first_tokens_ = 0;   // mean tokens of the first step's responses
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_
