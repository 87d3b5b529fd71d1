#include "services/trainer/ppo/ppo_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "services/trainer/jobs/pause.h"
#include "services/trainer/optim/schedule.h"
#include "services/trainer/ppo/samples.h"
#include "services/trainer/supervised/training_state.h"

namespace tact {
namespace {

using nlohmann::json;

constexpr uint64_t kPromptStream = 7;  // within a job's seed
// For rollouts in flight when the job is to stop; without them it goes on from the checkpoint
// before.
constexpr absl::Duration kLastRollouts = absl::Seconds(5);

// Without what a clock has measured and what depends on earlier pushes, so that equal runs leave
// equal checkpoints.
std::string ToHex(v1::StepMetrics metrics) {
  for (auto clear :
       {&v1::StepMetrics::clear_seconds, &v1::StepMetrics::clear_rollout_seconds,
        &v1::StepMetrics::clear_score_seconds, &v1::StepMetrics::clear_learn_seconds,
        &v1::StepMetrics::clear_push_seconds, &v1::StepMetrics::clear_wait_seconds,
        &v1::StepMetrics::clear_tokens_per_second, &v1::StepMetrics::clear_checkpoint_seconds,
        &v1::StepMetrics::clear_weight_version}) {
    (metrics.*clear)();
  }
  return absl::BytesToHexString(metrics.SerializeAsString());
}

void SetStaleness(const MadeBatch& batch, uint32_t done, v1::StepMetrics& metrics) {
  double sum = 0;
  uint32_t most = 0;
  for (uint32_t made_at : batch.made_at) {
    sum += done - made_at;
    most = std::max(most, done - made_at);
  }
  metrics.set_staleness_mean(sum / static_cast<double>(batch.made_at.size()));
  metrics.set_staleness_max(most);
}

RetryHooks PatientHooks(absl::Duration patience) {
  const absl::Time deadline = SteadyNow() + patience;
  return {[deadline]() -> absl::Status {
            return SteadyNow() < deadline ? absl::OkStatus()
                                          : absl::DeadlineExceededError("rollouts take too long");
          },
          [](std::string_view) { return absl::OkStatus(); }};
}

uint32_t Parallel(const v1::JobSpec& spec) {
  return spec.deterministic() ? 1 : spec.ppo().max_staleness() + 1;
}

}  // namespace

PpoRun::PpoRun(JobContext& context, Publisher& publisher, RewardClients& reward,
               PpoLearner& learner, PpoPrompts prompts)
    : context_(context),
      spec_(context.spec()),
      learner_(learner),
      policy_(context, publisher),
      prompts_(std::move(prompts)),
      order_(static_cast<uint32_t>(prompts_.train.size()), MixKey(spec_.seed(), kPromptStream)),
      kl_({spec_.ppo().init_kl_coef(), spec_.ppo().adaptive_kl(), spec_.ppo().target_kl(),
           spec_.ppo().horizon()}),
      staleness_(spec_.ppo().max_staleness(), spec_.ppo().steps()),
      guards_(spec_.ppo().guards()),
      selection_(spec_.selection()),
      maker_(spec_, policy_, reward),
      pipeline_([this](const BatchOrder& order,
                       const RetryHooks& hooks) { return maker_.Make(order, hooks); },
                Parallel(spec_)) {}

absl::Status PpoRun::Run() {
  return Leave(CatchExceptions("ppo", [&] { return RunSteps(); }));
}

// A run finds out between steps, or while it waits, that the trainer stops; never while weights and
// step number do not belong together.
absl::Status PpoRun::Leave(const absl::Status& status) {
  const bool undone =
      PauseReasonOf(status) == v1::PAUSE_REASON_NOT_FINITE && learner_.adapter() != nullptr;
  const bool whole =
      IsTrainerStop(status) || undone || PauseReasonOf(status) == v1::PAUSE_REASON_COLLAPSE;
  if (!whole || saved_step_ == step_) return status;
  const absl::Status saved = Save(PatientHooks(kLastRollouts));
  return saved.ok() || absl::IsDeadlineExceeded(saved) ? status : saved;
}

absl::Status PpoRun::RunSteps() {
  RETURN_IF_ERROR(Restore());
  RETURN_IF_ERROR(learner_.StartFromRankZero());
  RETURN_IF_ERROR(ReportSize());
  RETURN_IF_ERROR(policy_.PublishParentOf(learner_));
  RETURN_IF_ERROR(policy_.Push(learner_, step_));
  RETURN_IF_ERROR(FinishInterrupted());
  OrderBatches();
  while (step_ < spec_.ppo().steps() && !selection_.ShouldStop()) {
    RETURN_IF_ERROR(context_.BeginStep());
    v1::StepMetrics metrics;
    RETURN_IF_ERROR(TakeStep(metrics));
    RETURN_IF_ERROR(context_.ReportStep(metrics));
    RETURN_IF_ERROR(guards_.Observe(metrics, first_tokens_));
  }
  return SelectResult(selection_, context_, learner_.optimizer(), step_);
}

absl::Status PpoRun::TakeStep(v1::StepMetrics& metrics) {
  const Stopwatch total;
  ASSIGN_OR_RETURN(const ScoredBatch batch, TakeBatch(metrics));
  RETURN_IF_ERROR(Learn(batch, metrics));
  RETURN_IF_ERROR(PublishStep(batch.rollouts.front(), metrics));
  RETURN_IF_ERROR(FinishStep(metrics));
  OrderBatches();
  metrics.set_seconds(total.Seconds());
  metrics.set_tokens_per_second(CountTokens(batch) / metrics.seconds());
  ExportPpoMetrics(metrics);
  return absl::OkStatus();
}

BatchOrder PpoRun::OrderOf(uint32_t step) {
  BatchOrder order{step, policy_.version(), {}};
  for (uint32_t i = 0; i < spec_.ppo().batch_size(); ++i) {
    const uint64_t position = uint64_t{step} * spec_.ppo().batch_size() + i;
    order.prompts.push_back(&prompts_.train[order_.At(position)]);
  }
  return order;
}

void PpoRun::OrderBatches() {
  for (uint32_t step = step_; step < staleness_.End(step_); ++step) {
    if (!pipeline_.Has(step)) pipeline_.Order(OrderOf(step));
  }
}

absl::StatusOr<ScoredBatch> PpoRun::TakeBatch(v1::StepMetrics& metrics) {
  const Stopwatch waiting;
  ASSIGN_OR_RETURN(const MadeBatch made, pipeline_.Take(step_, HooksOf(context_)));
  metrics.set_wait_seconds(waiting.Seconds());
  metrics.set_rollout_seconds(made.rollout_seconds);
  metrics.set_score_seconds(made.score_seconds);
  metrics.set_retried_scores(made.retried_scores);
  SetStaleness(made, step_, metrics);
  const std::vector<const PpoPrompt*> prompts = OrderOf(step_).prompts;
  ScoredBatch batch = ScoredPart(made, prompts);
  metrics.set_dropped_rollouts(static_cast<uint32_t>(made.rollouts.size() - batch.scores.size()));
  SetBatchMetrics(batch, metrics);
  RETURN_IF_ERROR(context_.ReportSamples(
      step_, MakeSamples(made.rollouts, batch,
                         [&](uint64_t id) -> const PpoPrompt& { return *prompts[id]; })));
  return batch;
}

// Afterwards the weights, the controller and the step's number belong together again.
absl::Status PpoRun::Learn(const ScoredBatch& batch, v1::StepMetrics& metrics) {
  const Stopwatch learning;
  metrics.set_kl_coef(kl_.coef());
  metrics.set_learning_rate(LearningRateAt(spec_.optimizer(), step_, spec_.ppo().steps()));
  std::optional<TrainingSnapshot> before;
  if (learner_.adapter() != nullptr) before.emplace(learner_.optimizer());
  const absl::StatusOr<LearnStats> stats = learner_.Learn(
      batch.rollouts, batch.scores, kl_.coef(), step_, [&] { return context_.CheckCancelled(); });
  if (!stats.ok()) {
    if (before) RETURN_IF_ERROR(before->Restore(learner_.optimizer()));
    return stats.status();
  }
  kl_.Update(stats->kl, static_cast<double>(batch.scores.size()));
  if (step_ == 0) first_tokens_ = MeanResponseTokens(batch);
  metrics.set_step(++step_);
  SetLearnMetrics(*stats, metrics);
  ExportLearnStats(*stats);
  metrics.set_learn_seconds(learning.Seconds());
  finished_ = metrics;  // a run that stops before the rest of the step owes that and its event
  is_whole_ = false;
  return absl::OkStatus();
}

// Which version makes a rollout, and what shares its batch, may not depend on who is faster: where
// the order of work is fixed, none is in flight while weights are pushed and replayed.
absl::Status PpoRun::AwaitRollouts(v1::StepMetrics& metrics) {
  if (!spec_.deterministic()) return absl::OkStatus();
  const Stopwatch waiting;
  RETURN_IF_ERROR(pipeline_.Finish(UINT32_MAX, HooksOf(context_)).status());
  metrics.set_wait_seconds(metrics.wait_seconds() + waiting.Seconds());
  return absl::OkStatus();
}

absl::Status PpoRun::PublishStep(const TokenSequence& rollout, v1::StepMetrics& metrics) {
  RETURN_IF_ERROR(AwaitRollouts(metrics));
  const Stopwatch pushing;
  RETURN_IF_ERROR(policy_.Push(learner_, step_));
  metrics.set_push_seconds(pushing.Seconds());
  metrics.set_weight_version(policy_.version());
  ASSIGN_OR_RETURN(const double difference, policy_.Replay(learner_, rollout, step_));
  metrics.set_replay_difference(difference);
  return absl::OkStatus();
}

bool PpoRun::IsValidationStep() const {
  const uint32_t every = spec_.ppo().validation_steps();
  return !prompts_.validation.empty() &&
         (step_ == spec_.ppo().steps() || (every > 0 && step_ % every == 0));
}

bool PpoRun::IsCheckpointStep() const {
  return step_ == spec_.ppo().steps() || step_ % spec_.checkpoint_steps() == 0 ||
         selection_.ShouldStop();
}

absl::Status PpoRun::FinishStep(v1::StepMetrics& metrics) {
  if (IsValidationStep()) RETURN_IF_ERROR(Validate(metrics));
  const std::optional<double> value = selection_.ValueOf(metrics);
  const bool is_best = value && selection_.Observe(step_, *value);
  if (value) last_value_ = *value;
  if (is_best) RETURN_IF_ERROR(context_.ReportBest(step_, *value));
  finished_ = metrics;
  is_whole_ = true;
  if (!is_best && !IsCheckpointStep()) return absl::OkStatus();
  const Stopwatch saving;
  RETURN_IF_ERROR(Save(HooksOf(context_)));
  metrics.set_checkpoint_seconds(saving.Seconds());
  return absl::OkStatus();
}

// The mean reward of greedy responses; one without a score does not count.
absl::Status PpoRun::Validate(v1::StepMetrics& metrics) {
  const RetryHooks hooks = HooksOf(context_);
  // One call at a time, where the order of work is fixed.
  if (spec_.deterministic()) RETURN_IF_ERROR(pipeline_.Finish(UINT32_MAX, hooks).status());
  BatchOrder order{step_, policy_.version(), {}, true};
  for (const PpoPrompt& prompt : prompts_.validation) order.prompts.push_back(&prompt);
  ASSIGN_OR_RETURN(const MadeBatch made, maker_.Make(order, hooks));
  const ScoredBatch batch = ScoredPart(made, order.prompts);
  metrics.set_validation_reward(Summarise(batch.scores).mean);
  return absl::OkStatus();
}

absl::Status PpoRun::ReportSize() {
  const ParameterCount count = CountParameters(learner_.model());
  int64_t trained = 0;
  for (const NamedTensor& p : learner_.optimizer().parameters()) trained += p.tensor.numel();
  const int64_t value_head = trained - count.trainable;
  return context_.ReportSize({spec_.ppo().steps(), static_cast<uint64_t>(trained),
                              static_cast<uint64_t>(count.total + value_head)});
}

// Rollouts that an earlier policy has begun belong to the state: the present one could not make
// them again.
absl::StatusOr<json> PpoRun::State(const RetryHooks& hooks) {
  ASSIGN_OR_RETURN(const std::vector<MadeBatch> ahead,
                   pipeline_.Finish(staleness_.OlderEnd(step_), hooks));
  json batches = json::array();
  for (const MadeBatch& batch : ahead) batches.push_back(ToJson(batch));
  return json{{"kind", "ppo"},
              {"step", step_},
              {"kl_coef", kl_.coef()},
              {"first_tokens", first_tokens_},
              {"optimizer_steps", learner_.optimizer().steps()},
              {"weight_version", policy_.version()},
              {"rollouts", batches},
              {"is_whole", is_whole_},
              {"metrics", ToHex(finished_)}};
}

absl::Status PpoRun::Save(const RetryHooks& hooks) {
  ASSIGN_OR_RETURN(const json state, State(hooks));
  RETURN_IF_ERROR(SaveTraining(state, selection_, last_value_, context_, learner_.optimizer()));
  saved_step_ = step_;
  return absl::OkStatus();
}

// A trainer that was killed between a step's checkpoint and its event owes the event.
absl::Status PpoRun::ReportUnreported() {
  const bool owes = is_whole_ && finished_.step() == step_ && context_.job().step() < step_;
  return owes ? context_.ReportStep(finished_) : absl::OkStatus();
}

// One that stopped between a step's learning and its validation owes both.
absl::Status PpoRun::FinishInterrupted() {
  if (is_whole_) return absl::OkStatus();
  v1::StepMetrics metrics = finished_;
  RETURN_IF_ERROR(FinishStep(metrics));
  RETURN_IF_ERROR(context_.ReportStep(metrics));
  return guards_.Observe(metrics, first_tokens_);
}

absl::Status PpoRun::RestoreState(const json& state) {
  kl_.set_coef(state.value("kl_coef", kl_.coef()));
  first_tokens_ = state.value("first_tokens", 0.0);
  selection_.FromJson(state.value("selection", json::object()));
  if (state.contains("metric")) last_value_ = state["metric"].get<double>();
  for (const json& batch : state.value("rollouts", json::array())) {
    ASSIGN_OR_RETURN(MadeBatch made, MadeBatchFromJson(batch));
    pipeline_.Put(std::move(made));
  }
  is_whole_ = state.value("is_whole", true);
  const std::string metrics = absl::HexStringToBytes(state.value("metrics", ""));
  if (!finished_.ParseFromString(metrics)) {
    return absl::DataLossError("the checkpoint's metrics cannot be read");
  }
  return ReportUnreported();
}

absl::Status PpoRun::Restore() {
  ASSIGN_OR_RETURN(const auto loaded, context_.checkpoints().LoadNewest());
  if (!loaded) return absl::OkStatus();
  RETURN_IF_ERROR(RestoreTraining(*loaded, loaded->state.value("optimizer_steps", int64_t{0}),
                                  learner_.optimizer()));
  step_ = saved_step_ = loaded->step;
  RETURN_IF_ERROR(RestoreState(loaded->state));
  return context_.ReportNote(ResumeNote(*loaded));
}

}  // namespace tact
