#include "services/trainer/plan/job_planner.h"

#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/memory.h"
#include "common/base/status.h"

namespace tact {
namespace {

// The trial met numbers that are not finite: what the caller asked for is at fault, not the
// trainer.
absl::Status AsAdvice(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  if (!detail || detail->reason != "NOT_FINITE") return status;
  return WithErrorDetail(absl::FailedPreconditionError(status.message()), *detail);
}

}  // namespace

JobPlanner::JobPlanner(const JobEnvironment& environment, SpecEnvironment specs,
                       std::function<bool()> is_busy, std::function<void()> thread_start)
    : environment_(environment),
      specs_(std::move(specs)),
      is_busy_(std::move(is_busy)),
      thread_start_(std::move(thread_start)),
      process_bytes_(ResidentBytes()) {}

absl::StatusOr<v1::PlanJobResponse> JobPlanner::Plan(const v1::JobSpec& asked,
                                                     const std::function<bool()>& cancelled) {
  ASSIGN_OR_RETURN(const v1::JobSpec spec, ResolveSpec(asked, specs_));
  ASSIGN_OR_RETURN(const PlanDraft draft, DraftPlan(spec, environment_, process_bytes_));
  v1::PlanJobResponse plan = draft.plan;
  *plan.mutable_spec() = spec;
  ASSIGN_OR_RETURN(const double seconds, RunTrial(draft, cancelled));
  plan.set_seconds_per_step(seconds);
  plan.set_seconds(seconds * plan.total_steps());
  return plan;
}

// On a thread of its own: how many threads a computation takes is a setting of its thread.
absl::StatusOr<double> JobPlanner::RunTrial(const PlanDraft& draft,
                                            const std::function<bool()>& cancelled) {
  if (is_busy_() || !trial_mutex_.TryLock()) return 0.0;
  const absl::Cleanup unlock = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { trial_mutex_.Unlock(); };
  TrialLimits limits;
  limits.give_up = [&] { return cancelled() || is_busy_(); };
  absl::StatusOr<double> seconds = 0.0;
  std::thread([&] {
    if (thread_start_) thread_start_();
    seconds = CatchExceptions("the trial", [&] { return draft.trial(limits); });
  }).join();
  if (cancelled()) return absl::CancelledError("the call was cancelled");
  if (absl::IsCancelled(seconds.status())) return 0.0;
  return seconds.ok() ? seconds : AsAdvice(seconds.status());
}

}  // namespace tact
