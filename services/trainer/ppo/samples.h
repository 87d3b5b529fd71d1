// Rollouts of a PPO step in words.
#ifndef TACT_SERVICES_TRAINER_PPO_SAMPLES_H_
#define TACT_SERVICES_TRAINER_PPO_SAMPLES_H_

#include <functional>
#include <vector>

#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/prompts.h"
#include "tact/v1/policy.pb.h"

namespace tact {

// `batch` holds those of `rollouts` that were scored, in their order.
std::vector<RolloutSample> MakeSamples(const std::vector<v1::Rollout>& rollouts,
                                       const ScoredBatch& batch,
                                       const std::function<const PpoPrompt&(uint64_t)>& prompt_of);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_SAMPLES_H_
