// What a recipe knows of its job and may say about it; the runner implements it on the job store,
// tests on plain values.
#ifndef TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_
#define TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/trainer/checkpoint/checkpoint_store.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

class RankGroup;

struct JobSize {
  uint32_t total_steps = 0;
  uint64_t trainable_parameters = 0;
  uint64_t total_parameters = 0;
  uint32_t world_size = 1;  // processes that train it
};

// A rollout in words, for people; the prompt may be cut.
struct RolloutSample {
  std::string prompt;
  std::string response;
  std::optional<double> score;
};

class JobContext {
 public:
  virtual ~JobContext() = default;

  // With every default of its spec. A report renews it: keep copies, no references, over one.
  virtual const v1::Job& job() const = 0;
  const v1::JobSpec& spec() const { return job().spec(); }

  // OK to go on; CANCELLED when the user has ended the job; ABORTED when the trainer stops or the
  // user sets the job aside: it then leaves a checkpoint, to go on from there later. Any
  // thread may ask.
  virtual absl::Status CheckStop() = 0;
  // Asked once before each step, by every rank in the same order; answers as CheckStop.
  virtual absl::Status BeginStep() { return CheckStop(); }
  // CANCELLED when the user has ended the job, else OK: inside a step, where a stopping trainer
  // still finishes.
  virtual absl::Status CheckCancelled() = 0;

  // Each becomes a durable event.
  virtual absl::Status ReportSize(const JobSize& size) = 0;
  virtual absl::Status ReportStep(const v1::StepMetrics& metrics) = 0;
  // The best validation so far.
  virtual absl::Status ReportBest(uint32_t step, double metric) = 0;
  // WAITING with this message; "" is RUNNING again. Saying the same twice is one event.
  virtual absl::Status ReportWaiting(std::string_view message) = 0;
  // The version under which the job's weights are served now.
  virtual absl::Status ReportVersion(uint64_t weight_version) = 0;
  // A remark that stays on the job until its next step, e.g. that a damaged checkpoint was passed
  // over, or for good after the last step, e.g. that the result could not be published.
  virtual absl::Status ReportNote(std::string_view message) = 0;

  // Rollouts of the step that follows `steps_done`. Kept only where the trainer may store text.
  virtual absl::Status ReportSamples(uint32_t steps_done,
                                     const std::vector<RolloutSample>& samples) = 0;
  // The processes that train the job together; null where this one trains it alone.
  virtual RankGroup* ranks() { return nullptr; }

  virtual CheckpointStore& checkpoints() = 0;
  virtual std::filesystem::path result_folder() const = 0;  // where the result is to be
};

// True for what CheckStop returns when the trainer stops or the job is paused.
inline bool IsTrainerStop(const absl::Status& status) { return absl::IsAborted(status); }

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_JOB_CONTEXT_H_
