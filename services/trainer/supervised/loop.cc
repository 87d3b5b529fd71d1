#include "services/trainer/supervised/loop.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/optim/adamw.h"
#include "services/trainer/optim/finite.h"
#include "services/trainer/optim/gradients.h"
#include "services/trainer/optim/schedule.h"
#include "services/trainer/ranks/gradient_exchange.h"
#include "services/trainer/ranks/rank_share.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/supervised/training_state.h"

namespace tact {
namespace {

class SupervisedRun {
 public:
  SupervisedRun(SupervisedTask& task, JobContext& context, const SupervisedHooks& hooks)
      : task_(task),
        context_(context),
        ranks_(RanksOf(context)),
        hooks_(hooks),
        spec_(context.spec()),
        total_(SupervisedSteps(spec_.supervised(), task.lengths().size())),
        optimizer_(TrainableParameters(task.model()), ToAdamWOptions(spec_.optimizer())),
        selection_(spec_.selection()) {}

  absl::Status Run() {
    if (Leads(ranks_)) RETURN_IF_ERROR(Restore());
    RETURN_IF_ERROR(StartFromRankZero());
    RETURN_IF_ERROR(ReportSize());
    while (step_ < total_ && !selection_.ShouldStop()) {
      if (const absl::Status stop = context_.BeginStep(); !stop.ok()) return LeaveWith(stop);
      const Stopwatch watch;
      v1::StepMetrics metrics;
      RETURN_IF_ERROR(TakeStep(metrics));
      if (!Leads(ranks_)) continue;
      RETURN_IF_ERROR(FinishStep(metrics));
      metrics.set_seconds(watch.Seconds());
      metrics.set_tokens_per_second(step_tokens_ / metrics.seconds());
      RETURN_IF_ERROR(context_.ReportStep(metrics));
    }
    return SelectResult(selection_, context_, optimizer_, step_);
  }

 private:
  absl::Status Restore() {
    ASSIGN_OR_RETURN(const auto loaded, context_.checkpoints().LoadNewest());
    if (!loaded) return absl::OkStatus();
    RETURN_IF_ERROR(RestoreTraining(*loaded, loaded->step, optimizer_));
    step_ = saved_step_ = loaded->step;
    selection_.FromJson(loaded->state.value("selection", nlohmann::json::object()));
    if (loaded->state.contains("metric")) last_value_ = loaded->state["metric"].get<double>();
    return context_.ReportNote(ResumeNote(*loaded));
  }

  // What rank 0 goes on from, every rank goes on from.
  absl::Status StartFromRankZero() {
    if (ranks_.size() == 1) return absl::OkStatus();
    RETURN_IF_ERROR(
        CheckSameOnAllRanks("the model", FingerprintOf(task_.model().parameters()), ranks_));
    RETURN_IF_ERROR(
        CheckSameOnAllRanks("the data set", StrCat(task_.lengths().size(), " examples"), ranks_));
    ASSIGN_OR_RETURN(step_, BroadcastNumber(step_, ranks_));
    return ShareOptimizer(optimizer_, ranks_);
  }

  absl::Status ReportSize() {
    const ParameterCount count = CountParameters(task_.model());
    return context_.ReportSize(
        {total_, static_cast<uint64_t>(count.trainable), static_cast<uint64_t>(count.total)});
  }

  absl::Status TakeStep(v1::StepMetrics& metrics) {
    const double rate = LearningRateAt(spec_.optimizer(), step_, total_);
    task_.model().SetTraining(true);
    const uint64_t key = MixKey(MixKey(spec_.seed(), kDropoutStream), step_);
    task_.model().SeedDropout(RankKey(key, ranks_));
    optimizer_.ZeroGrad();
    const Batch& batch = CurrentBatch();
    step_tokens_ = 0;
    for (uint32_t example : batch) step_tokens_ += task_.lengths()[example];
    ASSIGN_OR_RETURN(double loss, AccumulateGradients(batch));
    double* const numbers[] = {&loss};
    RETURN_IF_ERROR(SumGradients(optimizer_.parameters(), numbers, ranks_));
    // Of the sum, so that every rank finds the same.
    RETURN_IF_ERROR(CheckFinite(loss, StrCat("the loss of step ", step_ + 1)));
    ASSIGN_OR_RETURN(const double norm,
                     ClipGradients(optimizer_.parameters(), spec_.optimizer().max_grad_norm()));
    optimizer_.Step(rate);
    metrics.set_step(++step_);
    metrics.set_loss(loss);
    metrics.set_learning_rate(rate);
    metrics.set_grad_norm(norm);
    return absl::OkStatus();
  }

  absl::StatusOr<double> AccumulateGradients(const Batch& batch) {
    double total = 0;
    for (const std::span<const uint32_t> part : MicroBatches(batch)) {
      RETURN_IF_ERROR(context_.CheckCancelled());
      const std::span<const uint32_t> own = ShareOf(part, ranks_);
      if (own.empty()) continue;
      const at::Tensor mean = task_.MeanLoss(own);
      if (hooks_.on_micro_batch) hooks_.on_micro_batch(mean.item<double>());
      const double share = Share(part, batch) * (task_.Weight(own) / task_.Weight(part));
      const at::Tensor loss = mean * share;
      loss.backward();
      total += loss.item<double>();
    }
    return total;
  }

  std::vector<std::span<const uint32_t>> MicroBatches(const Batch& batch) const {
    const size_t parts = std::max(1u, spec_.supervised().gradient_accumulation_steps());
    const size_t size = (batch.size() + parts - 1) / parts;
    std::vector<std::span<const uint32_t>> out;
    for (size_t begin = 0; begin < batch.size(); begin += size) {
      out.push_back(std::span(batch).subspan(begin, std::min(size, batch.size() - begin)));
    }
    return out;
  }

  // What a micro-batch weighs in its step.
  double Share(std::span<const uint32_t> part, const Batch& batch) const {
    if (spec_.supervised().accumulation() == v1::ACCUMULATION_MEAN_OF_MEANS) {
      return 1.0 / static_cast<double>(MicroBatches(batch).size());
    }
    return task_.Weight(part) / task_.Weight(batch);
  }

  const Batch& CurrentBatch() {
    const uint64_t per_epoch =
        BatchesPerEpoch(task_.lengths().size(), spec_.supervised().batch_size());
    const uint64_t epoch = step_ / per_epoch;
    if (!plan_epoch_ || *plan_epoch_ != epoch) {
      plan_ = hooks_.plan ? hooks_.plan(epoch)
                          : PlanEpoch(task_.lengths(), spec_.supervised().batch_size(),
                                      MixKey(spec_.seed(), kShuffleStream), epoch);
      plan_epoch_ = epoch;
    }
    return plan_[step_ % per_epoch];
  }

  bool IsValidationStep() const {
    const uint32_t every = spec_.supervised().validation_steps();
    return step_ == total_ || (every > 0 && step_ % every == 0);
  }

  // The last step's checkpoint lets a job that was killed while it saved its result go on there.
  bool IsCheckpointStep() const {
    return step_ == total_ || step_ % spec_.checkpoint_steps() == 0 || selection_.ShouldStop();
  }

  absl::Status FinishStep(v1::StepMetrics& metrics) {
    if (IsValidationStep()) Validate(metrics);
    const std::optional<double> value = selection_.ValueOf(metrics);
    const bool is_best = value && selection_.Observe(step_, *value);
    if (value) last_value_ = *value;
    if (is_best) RETURN_IF_ERROR(context_.ReportBest(step_, *value));
    if (!is_best && !IsCheckpointStep()) return absl::OkStatus();
    const Stopwatch watch;
    RETURN_IF_ERROR(Save());
    metrics.set_checkpoint_seconds(watch.Seconds());
    return absl::OkStatus();
  }

  void Validate(v1::StepMetrics& metrics) {
    task_.model().SetTraining(false);
    const std::optional<Validation> validation = task_.Validate();
    if (!validation) return;
    metrics.set_validation_loss(validation->loss);
    if (validation->accuracy) metrics.set_validation_accuracy(*validation->accuracy);
  }

  absl::Status Save() {
    RETURN_IF_ERROR(SaveTraining({{"kind", "supervised"}, {"step", step_}}, selection_, last_value_,
                                 context_, optimizer_));
    saved_step_ = step_;
    return absl::OkStatus();
  }

  absl::Status LeaveWith(const absl::Status& stop) {
    if (Leads(ranks_) && IsTrainerStop(stop) && step_ > 0 && saved_step_ != step_)
      RETURN_IF_ERROR(Save());
    return stop;
  }

  // Streams of random numbers within a job's seed.
  static constexpr uint64_t kShuffleStream = 1;
  static constexpr uint64_t kDropoutStream = 2;

  SupervisedTask& task_;
  JobContext& context_;
  RankGroup& ranks_;
  const SupervisedHooks& hooks_;
  const v1::JobSpec spec_;
  const uint32_t total_;
  AdamW optimizer_;
  Selection selection_;
  std::optional<double> last_value_;  // of the selection's metric
  double step_tokens_ = 0;
  uint32_t step_ = 0;
  uint32_t saved_step_ = 0;
  std::vector<Batch> plan_;
  std::optional<uint64_t> plan_epoch_;
};

}  // namespace

uint32_t SupervisedSteps(const v1::SupervisedSettings& settings, uint64_t examples) {
  if (settings.max_steps() > 0) return settings.max_steps();
  return static_cast<uint32_t>(settings.epochs() *
                               BatchesPerEpoch(examples, settings.batch_size()));
}

absl::Status TrainSupervised(SupervisedTask& task, JobContext& context,
                             const SupervisedHooks& hooks) {
  return CatchExceptions("training", [&] { return SupervisedRun(task, context, hooks).Run(); });
}

}  // namespace tact
