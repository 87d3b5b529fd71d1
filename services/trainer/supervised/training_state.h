// What every recipe keeps in a checkpoint: trained weights and the optimiser's moments.
#ifndef TACT_SERVICES_TRAINER_SUPERVISED_TRAINING_STATE_H_
#define TACT_SERVICES_TRAINER_SUPERVISED_TRAINING_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/trainer/checkpoint/checkpoint_store.h"
#include "services/trainer/checkpoint/selection.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/optim/adamw.h"

namespace tact {

// The optimiser's parameters and its moments.
std::vector<NamedTensor> TrainingTensors(const AdamW& optimizer);

// Copies both back, in place. DATA_LOSS names a tensor that the checkpoint does not hold.
absl::Status RestoreTraining(const LoadedCheckpoint& checkpoint, int64_t optimizer_steps,
                             AdamW& optimizer);

// Saves the optimiser's tensors under state["step"], with the selection and its newest value, and
// keeps the best checkpoint.
absl::Status SaveTraining(nlohmann::json state, const Selection& selection,
                          const std::optional<double>& last_value, JobContext& context,
                          const AdamW& optimizer);

// At a job's end: says where it stopped early, and puts the weights of the best checkpoint in place
// where the job's selection asks for them.
absl::Status SelectResult(const Selection& selection, JobContext& context, AdamW& optimizer,
                          uint32_t step);

// A copy of what an optimiser trains and of its moments, to undo a step with.
class TrainingSnapshot {
 public:
  explicit TrainingSnapshot(const AdamW& optimizer);
  absl::Status Restore(AdamW& optimizer) const;

 private:
  LoadedCheckpoint copy_;
  int64_t optimizer_steps_ = 0;
};

// "goes on from the checkpoint of step 50", and which newer ones are damaged.
std::string ResumeNote(const LoadedCheckpoint& checkpoint);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SUPERVISED_TRAINING_STATE_H_
