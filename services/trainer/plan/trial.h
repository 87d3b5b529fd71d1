// How long a step takes, measured: a few steps of the real recipe on the real data, thrown away.
#ifndef TACT_SERVICES_TRAINER_PLAN_TRIAL_H_
#define TACT_SERVICES_TRAINER_PLAN_TRIAL_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/prompts.h"
#include "services/trainer/supervised/task.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct TrialLimits {
  double seconds = 6;                                    // no step begins later
  uint32_t steps = 5;                                    // after the first, which warms up
  std::function<bool()> give_up = [] { return false; };  // asked before each micro-batch
};

// Seconds of an optimiser step: the median of those that were made after the first. One micro-batch
// stands for the others of its step. CANCELLED where `give_up` said so.
absl::StatusOr<double> TimeSupervisedStep(SupervisedTask& task, const v1::JobSpec& spec,
                                          const TrialLimits& limits);

// Seconds of learning of a PPO step, from one mini-batch: responses of max_new_tokens made-up
// tokens with scores of 0 and 1. CANCELLED as above.
absl::StatusOr<double> TimePpoStep(PpoLearner& learner, const std::vector<PpoPrompt>& prompts,
                                   const v1::JobSpec& spec, const TrialLimits& limits);

// The spec of one micro-batch of a step, which so many of them make.
v1::JobSpec OneMicroBatch(const v1::JobSpec& spec, uint32_t* parts);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_TRIAL_H_
