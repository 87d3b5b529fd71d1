// What jobs tell Prometheus: tact_trainer_*. Gauges of a step are those of the job that stepped
// last; job ids and names are no labels.
#ifndef TACT_SERVICES_TRAINER_JOBS_JOB_METRICS_H_
#define TACT_SERVICES_TRAINER_JOBS_JOB_METRICS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// "ppo" of JOB_KIND_PPO: the lower-case end of an enum's name, for labels.
std::string LabelOf(v1::JobKind kind);
std::string LabelOf(v1::JobState state);
std::string LabelOf(v1::PauseReason reason);

// Makes the counters, so that a rate never misses their first increase.
void InitialiseJobMetrics();

// tact_trainer_jobs{state}: all of a store, then each change. UNSPECIFIED is where a new job comes
// from.
void ExportJobCounts(const std::map<int, int64_t>& by_state);
void CountJobMove(v1::JobState from, v1::JobState to);

void ExportJobStart();
void ExportStep(const v1::Job& job, const v1::StepMetrics& metrics);
void CountJobEnd(const absl::Status& status);
void CountPause(v1::PauseReason reason);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_JOB_METRICS_H_
