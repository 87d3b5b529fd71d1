#include "services/trainer/supervised/training_state.h"

#include <c10/core/GradMode.h>

#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

std::vector<NamedTensor> TrainingTensors(const AdamW& optimizer) {
  std::vector<NamedTensor> tensors = optimizer.parameters();
  for (NamedTensor& moment : optimizer.State()) tensors.push_back(std::move(moment));
  return tensors;
}

namespace {

absl::Status RestoreWeights(const LoadedCheckpoint& checkpoint, const AdamW& optimizer) {
  at::NoGradGuard no_grad;
  for (const NamedTensor& p : optimizer.parameters()) {
    const at::Tensor* saved = checkpoint.tensors.Find(p.name);
    if (saved == nullptr || saved->sizes() != p.tensor.sizes()) {
      return absl::DataLossError(StrCat("the checkpoint of step ", checkpoint.step,
                                        " does not hold ", p.name, " of this model"));
    }
    p.tensor.copy_(*saved);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RestoreTraining(const LoadedCheckpoint& checkpoint, int64_t optimizer_steps,
                             AdamW& optimizer) {
  RETURN_IF_ERROR(RestoreWeights(checkpoint, optimizer));
  return optimizer.LoadState(checkpoint.tensors, optimizer_steps);
}

absl::Status SaveTraining(nlohmann::json state, const Selection& selection,
                          const std::optional<double>& last_value, JobContext& context,
                          const AdamW& optimizer) {
  state["selection"] = selection.ToJson();
  if (last_value) state["metric"] = *last_value;
  std::optional<uint32_t> best;
  if (selection.best()) best = selection.best()->step;
  return context.checkpoints().Save(state.value("step", 0u), state, TrainingTensors(optimizer),
                                    best);
}

absl::Status SelectResult(const Selection& selection, JobContext& context, AdamW& optimizer,
                          uint32_t step) {
  if (!selection.best()) return absl::OkStatus();
  const Selection::Best& best = *selection.best();
  if (selection.ShouldStop()) {
    RETURN_IF_ERROR(context.ReportNote(StrCat("stopped early at step ", step,
                                              "; the best validation was that of step ", best.step,
                                              ", ", best.value)));
  }
  if (!context.spec().selection().restore_best() || best.step == step) return absl::OkStatus();
  ASSIGN_OR_RETURN(const LoadedCheckpoint checkpoint, context.checkpoints().Load(best.step));
  return RestoreWeights(checkpoint, optimizer);
}

TrainingSnapshot::TrainingSnapshot(const AdamW& optimizer) : optimizer_steps_(optimizer.steps()) {
  for (const NamedTensor& item : TrainingTensors(optimizer)) {
    copy_.tensors.Add(item.name, item.tensor.detach().clone());
  }
}

absl::Status TrainingSnapshot::Restore(AdamW& optimizer) const {
  return RestoreTraining(copy_, optimizer_steps_, optimizer);
}

std::string ResumeNote(const LoadedCheckpoint& checkpoint) {
  const std::string from = StrCat("goes on from the checkpoint of step ", checkpoint.step);
  if (checkpoint.damaged.empty()) return from;
  return StrCat(from, "; newer ones are damaged: ", absl::StrJoin(checkpoint.damaged, "; "));
}

}  // namespace tact
