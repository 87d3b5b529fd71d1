#include "services/trainer/jobs/job_metrics.h"

#include <initializer_list>
#include <string_view>

#include "absl/strings/ascii.h"
#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::initializer_list<v1::JobState> kStates = {
    v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING,   v1::JOB_STATE_WAITING, v1::JOB_STATE_SUCCEEDED,
    v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED, v1::JOB_STATE_PAUSED};
constexpr std::initializer_list<v1::JobKind> kKinds = {v1::JOB_KIND_FULL, v1::JOB_KIND_LORA,
                                                       v1::JOB_KIND_PPO, v1::JOB_KIND_REWARD};
constexpr std::initializer_list<v1::PauseReason> kReasons = {
    v1::PAUSE_REASON_REQUESTED, v1::PAUSE_REASON_DISK_FULL, v1::PAUSE_REASON_NOT_FINITE,
    v1::PAUSE_REASON_COLLAPSE};

std::string LowerEnd(std::string_view name, std::string_view prefix) {
  return absl::AsciiStrToLower(ToAbsl(name.substr(prefix.size())));
}

prometheus::Gauge& Jobs(v1::JobState state) {
  return GaugeMetric("tact_trainer_jobs", "Jobs by their state.", {{"state", LabelOf(state)}});
}

prometheus::Histogram& StepSeconds(v1::JobKind kind) {
  return HistogramMetric("tact_trainer_step_seconds", "Seconds of one step.", LatencyBuckets(),
                         {{"kind", LabelOf(kind)}});
}

prometheus::Counter& Ended(const char* result) {
  return CounterMetric("tact_trainer_jobs_ended_total", "Jobs that have ended.",
                       {{"result", result}});
}

prometheus::Counter& Pauses(v1::PauseReason reason) {
  return CounterMetric("tact_trainer_pauses_total", "Jobs set aside, by request or by a failure.",
                       {{"reason", LabelOf(reason)}});
}

}  // namespace

std::string LabelOf(v1::JobKind kind) { return LowerEnd(v1::JobKind_Name(kind), "JOB_KIND_"); }
std::string LabelOf(v1::JobState state) { return LowerEnd(v1::JobState_Name(state), "JOB_STATE_"); }
std::string LabelOf(v1::PauseReason reason) {
  return LowerEnd(v1::PauseReason_Name(reason), "PAUSE_REASON_");
}

void InitialiseJobMetrics() {
  for (const v1::JobKind kind : kKinds) StepSeconds(kind);
  for (const char* result : {"succeeded", "failed", "cancelled"}) Ended(result);
  for (const v1::PauseReason reason : kReasons) Pauses(reason);
}

void ExportJobCounts(const std::map<int, int64_t>& by_state) {
  for (const v1::JobState state : kStates) {
    const auto found = by_state.find(state);
    Jobs(state).Set(found == by_state.end() ? 0 : static_cast<double>(found->second));
  }
}

void CountJobMove(v1::JobState from, v1::JobState to) {
  if (from == to) return;
  if (from != v1::JOB_STATE_UNSPECIFIED) Jobs(from).Decrement();
  Jobs(to).Increment();
}

void ExportJobStart() {
  GaugeMetric("tact_trainer_job_start_timestamp_seconds",
              "When the job that runs, or ran last, was taken up, since 1970.")
      .Set(UnixSeconds());
}

void ExportStep(const v1::Job& job, const v1::StepMetrics& metrics) {
  StepSeconds(job.spec().kind()).Observe(metrics.seconds());
  GaugeMetric("tact_trainer_step", "Step of the job that stepped last.").Set(metrics.step());
  GaugeMetric("tact_trainer_job_steps", "Steps that the job that stepped last is to make.")
      .Set(job.total_steps());
  GaugeMetric("tact_trainer_last_step_timestamp_seconds", "End of the last step, since 1970.")
      .Set(UnixSeconds());
  GaugeMetric("tact_trainer_loss", "Loss of the last step.").Set(metrics.loss());
  GaugeMetric("tact_trainer_learning_rate", "Learning rate of the last step.")
      .Set(metrics.learning_rate());
  GaugeMetric("tact_trainer_gradient_norm", "Norm of the last step's gradient, before clipping.")
      .Set(metrics.grad_norm());
}

void CountJobEnd(const absl::Status& status) {
  Ended(status.ok() ? "succeeded" : absl::IsCancelled(status) ? "cancelled" : "failed").Increment();
}

void CountPause(v1::PauseReason reason) { Pauses(reason).Increment(); }

}  // namespace tact
