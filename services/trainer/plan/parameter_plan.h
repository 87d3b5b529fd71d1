// How many parameters a job trains, known from its settings and config.json alone: without weights.
#ifndef TACT_SERVICES_TRAINER_PLAN_PARAMETER_PLAN_H_
#define TACT_SERVICES_TRAINER_PLAN_PARAMETER_PLAN_H_

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "common/model/trainable_model.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct ParameterPlan {
  // As the job reports it: the adapter included, and the value head of a ppo job.
  ParameterCount count;
  // Floats that the adapter's layers keep for the backward pass, for each token of prompt and
  // response; 0 without an adapter.
  double adapter_prompt_floats = 0;
  double adapter_response_floats = 0;
};

// `spec` has its defaults. INVALID_ARGUMENT where its LoRA targets fit no layer of the model.
//
// A stand-in of the same layers with tiny, mutually different widths is built and given the job's
// adapter by the code that the job itself runs; each width then stands for the real one.
absl::StatusOr<ParameterPlan> PlanParameters(const T5Config& config, const v1::JobSpec& spec);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_PARAMETER_PLAN_H_
