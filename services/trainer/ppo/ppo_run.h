// The loop of a PPO job: rollouts, scores, learning, push, replay; checkpoints between steps.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/checkpoint/selection.h"
#include "services/trainer/clients/reward_clients.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ppo/guards.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/policy_link.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/prompts.h"
#include "services/trainer/ppo/rollout_maker.h"
#include "services/trainer/ppo/rollout_pipeline.h"
#include "services/trainer/ppo/staleness.h"

namespace tact {

struct PpoPrompts {
  std::vector<PpoPrompt> train;
  std::vector<PpoPrompt> validation;  // may be empty
};

class PpoRun {
 public:
  // All references must outlive the run.
  PpoRun(JobContext& context, Publisher& publisher, RewardClients& reward, PpoLearner& learner,
         PpoPrompts prompts);

  // From the newest checkpoint to the last step; the learner then holds the result. Returns the
  // context's status where the job is to stop, with a checkpoint of the last finished step.
  absl::Status Run();

 private:
  absl::Status RunSteps();
  absl::Status TakeStep(v1::StepMetrics& metrics);
  absl::StatusOr<ScoredBatch> TakeBatch(v1::StepMetrics& metrics);
  absl::Status Learn(const ScoredBatch& batch, v1::StepMetrics& metrics);
  absl::Status AwaitRollouts(v1::StepMetrics& metrics);
  absl::Status PublishStep(const TokenSequence& rollout, v1::StepMetrics& metrics);
  absl::Status FinishStep(v1::StepMetrics& metrics);
  absl::Status Validate(v1::StepMetrics& metrics);
  void OrderBatches();
  BatchOrder OrderOf(uint32_t step);
  bool IsValidationStep() const;
  bool IsCheckpointStep() const;
  absl::Status ReportSize();
  absl::Status Leave(const absl::Status& status);
  absl::Status Save(const RetryHooks& hooks);
  absl::StatusOr<nlohmann::json> State(const RetryHooks& hooks);
  absl::Status Restore();
  absl::Status RestoreState(const nlohmann::json& state);
  absl::Status ReportUnreported();
  absl::Status FinishInterrupted();

  JobContext& context_;
  const v1::JobSpec spec_;
  PpoLearner& learner_;
  PolicyLink policy_;
  const PpoPrompts prompts_;
  PromptOrder order_;
  KlController kl_;
  const StalenessController staleness_;
  GuardWatch guards_;
  Selection selection_;
  std::optional<double> last_value_;  // of the selection's metric
  uint32_t step_ = 0;                 // finished
  uint32_t saved_step_ = 0;
  double first_tokens_ = 0;   // mean tokens of the first step's responses
  v1::StepMetrics finished_;  // of the last finished step
  bool is_whole_ = true;      // false between a step's learning and the end of its validation
  RolloutMaker maker_;
  RolloutPipeline pipeline_;  // last, so that its threads end first
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_RUN_H_
