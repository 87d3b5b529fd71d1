#include "services/trainer/ppo/ppo_run.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/optim/schedule.h"
#include "services/trainer/ppo/samples.h"
#include "services/trainer/supervised/training_state.h"

namespace tact {
namespace {

constexpr uint64_t kPromptStream = 7;  // within a job's seed

class Stopwatch {
 public:
  double Lap() {
    const absl::Time last = std::exchange(last_, absl::Now());
    return absl::ToDoubleSeconds(last_ - last);
  }

 private:
  absl::Time last_ = absl::Now();
};

// Without what a clock has measured, so that equal runs leave equal checkpoints.
std::string ToHex(v1::StepMetrics metrics) {
  metrics.clear_rollout_seconds();
  metrics.clear_score_seconds();
  return absl::BytesToHexString(metrics.SerializeAsString());
}

}  // namespace

PpoRun::PpoRun(JobContext& context, Publisher& publisher, RewardClients& reward,
               PpoLearner& learner, std::vector<PpoPrompt> prompts)
    : context_(context),
      spec_(context.spec()),
      reward_(reward),
      learner_(learner),
      policy_(context, publisher),
      prompts_(std::move(prompts)),
      order_(static_cast<uint32_t>(prompts_.size()), MixKey(spec_.seed(), kPromptStream)),
      kl_({spec_.ppo().init_kl_coef(), spec_.ppo().adaptive_kl(), spec_.ppo().target_kl(),
           spec_.ppo().horizon()}) {}

absl::Status PpoRun::Run() {
  const absl::Status status = CatchExceptions("ppo", [&] { return RunSteps(); });
  // A run finds out between steps, or while it waits, that the trainer stops; never while weights
  // and step number do not belong together.
  if (IsTrainerStop(status) && saved_step_ != step_) RETURN_IF_ERROR(Save());
  return status;
}

absl::Status PpoRun::RunSteps() {
  RETURN_IF_ERROR(Restore());
  RETURN_IF_ERROR(learner_.StartFromRankZero());
  RETURN_IF_ERROR(ReportSize());
  RETURN_IF_ERROR(policy_.PublishParentOf(learner_));
  RETURN_IF_ERROR(policy_.Push(learner_));
  while (step_ < spec_.ppo().steps()) {
    RETURN_IF_ERROR(context_.BeginStep());
    v1::StepMetrics metrics;
    RETURN_IF_ERROR(TakeStep(metrics));
    RETURN_IF_ERROR(context_.ReportStep(metrics));
    RETURN_IF_ERROR(CheckCollapse(metrics.response_tokens(), first_tokens_,
                                  spec_.ppo().guards().min_length_ratio()));
  }
  return absl::OkStatus();
}

absl::Status PpoRun::TakeStep(v1::StepMetrics& metrics) {
  Stopwatch total, part;
  ASSIGN_OR_RETURN(const std::vector<v1::Rollout> rollouts, Collect());
  metrics.set_rollout_seconds(part.Lap());
  ASSIGN_OR_RETURN(const ScoredBatch batch, Score(rollouts));
  metrics.set_score_seconds(part.Lap());
  RETURN_IF_ERROR(context_.ReportSamples(
      step_, MakeSamples(rollouts, batch,
                         [this](uint64_t id) -> const PpoPrompt& { return PromptOf(id); })));
  metrics.set_retried_scores(std::exchange(retried_, 0));
  metrics.set_dropped_rollouts(static_cast<uint32_t>(rollouts.size() - batch.scores.size()));
  SetBatchMetrics(batch, metrics);
  RETURN_IF_ERROR(Learn(batch, metrics));
  metrics.set_learn_seconds(part.Lap());
  RETURN_IF_ERROR(policy_.Push(learner_));
  metrics.set_push_seconds(part.Lap());
  ASSIGN_OR_RETURN(const double difference,
                   policy_.Replay(learner_, batch.rollouts.front(), step_));
  metrics.set_replay_difference(difference);
  metrics.set_weight_version(policy_.version());
  metrics.set_seconds(total.Lap());
  ExportPpoMetrics(metrics);
  return absl::OkStatus();
}

const PpoPrompt& PpoRun::PromptOf(uint64_t item) {
  return prompts_[order_.At(uint64_t{step_} * spec_.ppo().batch_size() + item)];
}

absl::StatusOr<std::vector<v1::Rollout>> PpoRun::Collect() {
  std::vector<const std::vector<int32_t>*> prompts;
  for (uint32_t i = 0; i < spec_.ppo().batch_size(); ++i) prompts.push_back(&PromptOf(i).ids);
  return policy_.Collect(prompts, step_);
}

// A rollout that cannot be scored is left out: no score is not a score of 0.
absl::StatusOr<ScoredBatch> PpoRun::Score(const std::vector<v1::Rollout>& rollouts) {
  std::vector<v1::ScoreItem> items;
  for (const v1::Rollout& rollout : rollouts) {
    v1::ScoreItem& item = items.emplace_back();
    item.set_text(rollout.text());
    if (spec_.ppo().score_with_prompt()) item.set_prompt(PromptOf(rollout.prompt_id()).text);
  }
  ScoredBatch batch;
  RETURN_IF_ERROR(RetryWhileDown(context_, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const ScoreOutcome outcome,
        reward_.Score(items, spec_.ppo().reward_label(), [&] { return context_.CheckStop(); }));
    retried_ += outcome.retried;
    const auto& scores = outcome.scores;
    batch = {};
    for (size_t i = 0; i < rollouts.size(); ++i) {
      if (!scores[i]) continue;
      const auto& tokens = rollouts[i].token_ids();
      const auto& logprobs = rollouts[i].logprobs();
      batch.rollouts.push_back({PromptOf(rollouts[i].prompt_id()).ids,
                                {tokens.begin(), tokens.end()},
                                {logprobs.begin(), logprobs.end()}});
      batch.scores.push_back(*scores[i]);
    }
    if (!batch.scores.empty()) return absl::OkStatus();
    return absl::UnavailableError("tact-reward, which scored none of the step's rollouts");
  }));
  return batch;
}

// Afterwards the weights, the controller and the step's number belong together again.
absl::Status PpoRun::Learn(const ScoredBatch& batch, v1::StepMetrics& metrics) {
  metrics.set_kl_coef(kl_.coef());
  metrics.set_learning_rate(LearningRateAt(spec_.optimizer(), step_, spec_.ppo().steps()));
  ASSIGN_OR_RETURN(const LearnStats stats,
                   learner_.Learn(batch.rollouts, batch.scores, kl_.coef(), step_,
                                  [&] { return context_.CheckCancelled(); }));
  kl_.Update(stats.kl, static_cast<double>(batch.scores.size()));
  if (step_ == 0) first_tokens_ = MeanResponseTokens(batch);
  metrics.set_step(++step_);
  SetLearnMetrics(stats, metrics);
  ExportLearnStats(stats);
  finished_ = metrics;
  const bool last = step_ == spec_.ppo().steps();
  return last || step_ % spec_.checkpoint_steps() == 0 ? Save() : absl::OkStatus();
}

absl::Status PpoRun::ReportSize() {
  const ParameterCount count = CountParameters(learner_.model());
  int64_t trained = 0;
  for (const NamedTensor& p : learner_.optimizer().parameters()) trained += p.tensor.numel();
  const int64_t value_head = trained - count.trainable;
  return context_.ReportSize({spec_.ppo().steps(), static_cast<uint64_t>(trained),
                              static_cast<uint64_t>(count.total + value_head)});
}

absl::Status PpoRun::Save() {
  saved_step_ = step_;
  return context_.checkpoints().Save(step_,
                                     {{"kind", "ppo"},
                                      {"step", step_},
                                      {"kl_coef", kl_.coef()},
                                      {"first_tokens", first_tokens_},
                                      {"optimizer_steps", learner_.optimizer().steps()},
                                      {"weight_version", policy_.version()},
                                      {"metrics", ToHex(finished_)}},
                                     TrainingTensors(learner_.optimizer()));
}

// A trainer that was killed between a step's checkpoint and its event owes the event.
absl::Status PpoRun::ReportUnreported(const std::string& metrics) {
  if (context_.job().step() >= step_ || !finished_.ParseFromString(absl::HexStringToBytes(metrics)))
    return absl::OkStatus();
  return context_.ReportStep(finished_);
}

absl::Status PpoRun::Restore() {
  ASSIGN_OR_RETURN(const auto loaded, context_.checkpoints().LoadNewest());
  if (!loaded) return absl::OkStatus();
  RETURN_IF_ERROR(RestoreTraining(*loaded, loaded->state.value("optimizer_steps", int64_t{0}),
                                  learner_.optimizer()));
  step_ = saved_step_ = loaded->step;
  kl_.set_coef(loaded->state.value("kl_coef", kl_.coef()));
  first_tokens_ = loaded->state.value("first_tokens", 0.0);
  RETURN_IF_ERROR(ReportUnreported(loaded->state.value("metrics", "")));
  return context_.ReportNote(ResumeNote(*loaded));
}

}  // namespace tact
