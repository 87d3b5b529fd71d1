// PlanJob: what a spec would become, without making the job.
#ifndef TACT_SERVICES_TRAINER_PLAN_JOB_PLANNER_H_
#define TACT_SERVICES_TRAINER_PLAN_JOB_PLANNER_H_

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/jobs/spec.h"
#include "services/trainer/plan/recipe_drafts.h"
#include "services/trainer/weights/job_environment.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

class JobPlanner {
 public:
  // `environment` must outlive the planner. `is_busy` says whether a job runs or is queued,
  // `thread_start` prepares a thread that computes. Make it before any job runs: what the process
  // occupies then is the floor of its estimates.
  JobPlanner(const JobEnvironment& environment, SpecEnvironment specs,
             std::function<bool()> is_busy, std::function<void()> thread_start = {});

  // Refuses what CreateJob would refuse. The times stay 0 where they cannot be measured without
  // disturbing a job: one runs or is queued, or becomes so during the trial; one trial at a time.
  // A trial takes about 10 s at most, loading the model aside. CANCELLED once `cancelled` is true;
  // FAILED_PRECONDITION (NOT_FINITE) where a step of the trial gives NaN.
  absl::StatusOr<v1::PlanJobResponse> Plan(const v1::JobSpec& asked,
                                           const std::function<bool()>& cancelled);

 private:
  // Seconds of a step; 0 where the trial was given up.
  absl::StatusOr<double> RunTrial(const PlanDraft& draft, const std::function<bool()>& cancelled);

  const JobEnvironment& environment_;
  const SpecEnvironment specs_;
  const std::function<bool()> is_busy_;
  const std::function<void()> thread_start_;
  const uint64_t process_bytes_;
  absl::Mutex trial_mutex_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_JOB_PLANNER_H_
