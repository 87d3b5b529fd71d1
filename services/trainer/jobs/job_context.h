// What a recipe knows of its job and may say about it; the runner implements it on the job store,
// tests on plain values.
#ifndef TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_
#define TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "absl/status/status.h"
#include "services/trainer/checkpoint/checkpoint_store.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct JobSize {
  uint32_t total_steps = 0;
  uint64_t trainable_parameters = 0;
  uint64_t total_parameters = 0;
};

class JobContext {
 public:
  virtual ~JobContext() = default;

  // With every default of its spec. A report renews it: keep copies, no references, over one.
  virtual const v1::Job& job() const = 0;
  const v1::JobSpec& spec() const { return job().spec(); }

  // OK to go on; CANCELLED when the user has ended the job; ABORTED when the trainer stops and the
  // job is to go on after its next start. Any thread may ask.
  virtual absl::Status CheckStop() = 0;
  // CANCELLED when the user has ended the job, else OK: inside a step, where a stopping trainer
  // still finishes.
  virtual absl::Status CheckCancelled() = 0;

  // Each becomes a durable event.
  virtual absl::Status ReportSize(const JobSize& size) = 0;
  virtual absl::Status ReportStep(const v1::StepMetrics& metrics) = 0;
  // WAITING with this message; "" is RUNNING again. Saying the same twice is one event.
  virtual absl::Status ReportWaiting(std::string_view message) = 0;
  // The version under which the job's weights are served now.
  virtual absl::Status ReportVersion(uint64_t weight_version) = 0;
  // A remark that stays on the job until its next step, e.g. that a damaged checkpoint was passed
  // over, or for good after the last step, e.g. that the result could not be published.
  virtual absl::Status ReportNote(std::string_view message) = 0;

  virtual CheckpointStore& checkpoints() = 0;
  virtual std::filesystem::path result_folder() const = 0;  // where the result is to be
};

// True for what CheckStop returns when the trainer stops.
inline bool IsTrainerStop(const absl::Status& status) { return absl::IsAborted(status); }

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_
