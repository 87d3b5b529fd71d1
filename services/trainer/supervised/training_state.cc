#include "services/trainer/supervised/training_state.h"

#include <c10/core/GradMode.h>

#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/strings.h"

namespace tact {

std::vector<NamedTensor> TrainingTensors(const AdamW& optimizer) {
  std::vector<NamedTensor> tensors = optimizer.parameters();
  for (NamedTensor& moment : optimizer.State()) tensors.push_back(std::move(moment));
  return tensors;
}

absl::Status RestoreTraining(const LoadedCheckpoint& checkpoint, int64_t optimizer_steps,
                             AdamW& optimizer) {
  at::NoGradGuard no_grad;
  for (const NamedTensor& p : optimizer.parameters()) {
    const at::Tensor* saved = checkpoint.tensors.Find(p.name);
    if (saved == nullptr || saved->sizes() != p.tensor.sizes()) {
      return absl::DataLossError(StrCat("the checkpoint of step ", checkpoint.step,
                                        " does not hold ", p.name, " of this model"));
    }
    p.tensor.copy_(*saved);
  }
  return optimizer.LoadState(checkpoint.tensors, optimizer_steps);
}

std::string ResumeNote(const LoadedCheckpoint& checkpoint) {
  const std::string from = StrCat("goes on from the checkpoint of step ", checkpoint.step);
  if (checkpoint.damaged.empty()) return from;
  return StrCat(from, "; newer ones are damaged: ", absl::StrJoin(checkpoint.damaged, "; "));
}

}  // namespace tact
