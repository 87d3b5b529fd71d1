// What the plan of a job says of its recipe: counts and memory, and the trial that would time it.
#ifndef TACT_SERVICES_TRAINER_PLAN_RECIPE_DRAFTS_H_
#define TACT_SERVICES_TRAINER_PLAN_RECIPE_DRAFTS_H_

#include <functional>

#include "absl/status/statusor.h"
#include "services/trainer/plan/trial.h"
#include "services/trainer/weights/job_environment.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct PlanDraft {
  v1::PlanJobResponse plan;  // all but the times
  // Loads the model and measures the seconds of a step.
  std::function<absl::StatusOr<double>(const TrialLimits&)> trial;
};

// `spec` is resolved; `environment` must outlive the draft. Reads the data set, so it fails where
// the job would fail on an example.
absl::StatusOr<PlanDraft> DraftPlan(const v1::JobSpec& spec, const JobEnvironment& environment,
                                    uint64_t process_bytes);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_RECIPE_DRAFTS_H_
