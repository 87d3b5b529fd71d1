#include "services/trainer/ppo/learner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/model/losses.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/optim/finite.h"
#include "services/trainer/optim/gradients.h"
#include "services/trainer/optim/schedule.h"
#include "services/trainer/ppo/learn_step.h"
#include "services/trainer/ppo/masked.h"
#include "services/trainer/ppo/token_rewards.h"
#include "services/trainer/ranks/gradient_exchange.h"
#include "services/trainer/ranks/rank_share.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/supervised/token_batch.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

// Streams of random numbers within a job's seed; lora_settings.h has others.
constexpr uint64_t kMiniBatchStream = 5, kValueDropoutStream = 6;

int64_t LongestResponse(const RolloutRows& rows) {
  const std::vector<int64_t> lengths = ResponseLengths(rows);
  return *std::max_element(lengths.begin(), lengths.end());
}

RolloutRows Slice(const RolloutRows& rows, size_t begin, size_t size) {
  const size_t end = std::min(begin + size, rows.size());
  return {rows.begin() + static_cast<std::ptrdiff_t>(begin),
          rows.begin() + static_cast<std::ptrdiff_t>(end)};
}

// From row `begin` on, as far as they are wide.
void PutRows(const at::Tensor& rows, size_t begin, const at::Tensor& all) {
  all.narrow(0, static_cast<int64_t>(begin), rows.size(0)).narrow(1, 0, rows.size(1)).copy_(rows);
}

// Summed over each row's learnt tokens, mean over the rows.
double MeanOfSums(const at::Tensor& values, const at::Tensor& mask) {
  return (values * mask).sum(-1).mean().item<double>();
}

}  // namespace

PpoLearner::PpoLearner(std::unique_ptr<T5Model> model, std::unique_ptr<T5Model> reference,
                       const v1::JobSpec& spec)
    : spec_(spec),
      model_(std::move(model)),
      reference_(std::move(reference)),
      value_head_(model_->config().d_model, MixKey(spec.seed(), kValueHeadStream),
                  spec.ppo().value_head_dropout()) {}

absl::StatusOr<std::unique_ptr<PpoLearner>> PpoLearner::Create(std::unique_ptr<T5Model> model,
                                                               std::unique_ptr<T5Model> reference,
                                                               const v1::JobSpec& spec) {
  auto learner =
      std::unique_ptr<PpoLearner>(new PpoLearner(std::move(model), std::move(reference), spec));
  if (TrainsAdapter(spec)) {
    ASSIGN_OR_RETURN(learner->adapter_, LoraAdapter::Attach(*learner->model_, ToLoraConfig(spec),
                                                            MixKey(spec.seed(), kAdapterStream)));
  } else {
    if (learner->reference_ == nullptr) {
      return absl::InternalError("training all weights needs a frozen copy as the reference");
    }
    learner->model_->SetRequiresGrad(true);
  }
  if (learner->reference_ != nullptr) learner->reference_->SetRequiresGrad(false);
  // As in trl: the model's own dropout is off, the value head's is on in every pass.
  learner->value_head_.SetTraining(true);
  std::vector<NamedTensor> trained = TrainableParameters(*learner->model_);
  for (const NamedTensor& item : learner->value_head_.parameters().items()) trained.push_back(item);
  learner->optimizer_ =
      std::make_unique<AdamW>(std::move(trained), ToAdamWOptions(spec.optimizer()));
  return learner;
}

void PpoLearner::SeedValueDropout(uint32_t step, uint64_t pass) {
  const uint64_t key = MixKey(MixKey(spec_.seed(), kValueDropoutStream), step);
  value_head_.dropout_generator().set_current_seed(RankKey(MixKey(key, pass), *ranks_));
}

// Logits are made for the responses' tokens alone, not for padding: the head is the largest matrix.
PpoLearner::Pass PpoLearner::Forward(const T5Model& model, const RolloutRows& rows,
                                     bool with_values, bool with_entropy) const {
  std::vector<const std::vector<int32_t>*> prompts, responses;
  for (const TokenSequence* row : rows) {
    prompts.push_back(&row->prompt);
    responses.push_back(&row->response);
  }
  const TokenBatch prompt = MakeTokenBatch(prompts, model.config().pad_token_id);
  const TokenBatch labels = MakeTokenBatch(responses, kIgnoreIndex);
  const at::Tensor hidden = model.Decode(DecoderInputs(model, labels.ids, rows), {},
                                         model.Encode(prompt.ids, prompt.mask), prompt.mask);
  const at::Tensor flat = labels.ids.reshape({-1});
  const at::Tensor tokens = flat.ne(kIgnoreIndex).nonzero().reshape({-1});
  const at::Tensor logits =
      model.Logits(hidden.reshape({-1, hidden.size(-1)}).index_select(0, tokens));
  const at::Tensor logprobs = TokenLogprobs(logits, flat.index_select(0, tokens));
  Pass pass;
  pass.logprobs =
      at::zeros({flat.size(0)}, at::kFloat).scatter(0, tokens, logprobs).view(labels.ids.sizes());
  if (with_values) pass.values = value_head_.Forward(hidden);
  if (with_entropy) {
    pass.entropy = (TokenEntropy(logits) * Mask(rows).reshape({-1}).index_select(0, tokens))
                       .sum()
                       .item<double>();
  }
  return pass;
}

at::Tensor PpoLearner::ReferenceLogprobs(const RolloutRows& rows) {
  const ScopedAdapterOff off(adapter_.get());
  const T5Model& reference = reference_ != nullptr ? *reference_ : *model_;
  return Forward(reference, rows, false, false).logprobs;
}

at::Tensor PpoLearner::Mask(const RolloutRows& rows) const {
  return LearningMask(ResponseLengths(rows), spec_.ppo().improvements().count_first_token());
}

PpoLossOptions PpoLearner::LossOptions() const {
  const v1::PpoSettings& ppo = spec_.ppo();
  return {ppo.gamma(), ppo.lambda(), ppo.cliprange(), ppo.cliprange_value(), ppo.vf_coef()};
}

// Each rank passes its share of the rows; adding zeros puts the shares together.
absl::StatusOr<PpoLearner::OldPasses> PpoLearner::OldPassesOf(const RolloutRows& rows) {
  const size_t size = spec_.ppo().mini_batch_size();
  const RankShare share = ShareOf(rows.size(), *ranks_);
  const auto batch = static_cast<int64_t>(rows.size());
  const int64_t time = LongestResponse(rows);
  OldPasses out = {at::zeros({batch, time}), at::zeros({batch, time}), at::zeros({batch, time})};
  for (size_t begin = share.begin; begin < share.begin + share.size; begin += size) {
    const RolloutRows part = Slice(rows, begin, std::min(size, share.begin + share.size - begin));
    const Pass pass = Forward(*model_, part, true, false);
    PutRows(pass.logprobs, begin, out.logprobs);
    PutRows(pass.values, begin, out.values);
    PutRows(ReferenceLogprobs(part), begin, out.references);
  }
  RETURN_IF_ERROR(ranks_->AllReduceSum({{out.logprobs, out.values, out.references}}));
  return out;
}

absl::StatusOr<Experience> PpoLearner::MakeExperience(const RolloutRows& rows,
                                                      const std::vector<double>& scores,
                                                      double kl_coef) {
  at::NoGradGuard no_grad;
  const v1::PpoImprovements& improvements = spec_.ppo().improvements();
  ASSIGN_OR_RETURN(const OldPasses passes, OldPassesOf(rows));
  Experience out;
  out.old.logprobs = passes.logprobs;
  out.old.values = passes.values;
  out.old.mask = Mask(rows);
  out.reference_logprobs = passes.references;
  out.kl = EstimateKl(out.old.logprobs, out.reference_logprobs, improvements.kl_estimator());
  const TokenRewards rewards = RewardTokens(scores, out.kl, out.old.mask, kl_coef);
  out.penalty = rewards.penalty;
  out.old.rewards = rewards.total;
  if (improvements.importance_cap() > 0) {
    out.old.importance = ImportanceWeights(
        out.old.logprobs, BehaviourLogprobs(rows, out.old.logprobs), improvements.importance_cap());
  }
  if (improvements.whiten_over_batch()) {
    out.whole_batch = ComputeAdvantages(out.old, LossOptions());
  }
  return out;
}

LearnStats PpoLearner::BatchStats(const RolloutRows& rows, const std::vector<double>& scores,
                                  const Experience& experience, double kl_coef,
                                  uint32_t step) const {
  const OldPolicy& old = experience.old;
  LearnStats stats;
  stats.kl = MeanOfSums(experience.kl, old.mask);
  stats.kl_coef = kl_coef;
  stats.sequence_entropy = MeanOfSums(-old.logprobs, old.mask);
  stats.penalty = MaskedMean(experience.penalty, old.mask).item<double>();
  stats.scores = Summarise(scores);
  std::vector<double> prompts, responses;
  for (const TokenSequence* row : rows) {
    prompts.push_back(static_cast<double>(row->prompt.size()));
    responses.push_back(static_cast<double>(row->response.size() + 1));
  }
  stats.prompt_tokens = Summarise(prompts);
  stats.response_tokens = Summarise(responses);
  stats.learning_rate = LearningRateAt(spec_.optimizer(), step, spec_.ppo().steps());
  return stats;
}

std::vector<Batch> PpoLearner::MiniBatches(size_t rollouts, uint32_t step, uint32_t epoch) const {
  if (hooks_.mini_batches) return hooks_.mini_batches(rollouts, step, epoch);
  const uint64_t key = MixKey(MixKey(MixKey(spec_.seed(), kMiniBatchStream), step), epoch);
  const std::vector<uint32_t> order = Permutation(static_cast<uint32_t>(rollouts), key);
  std::vector<Batch> out;
  for (size_t begin = 0; begin < order.size(); begin += spec_.ppo().mini_batch_size()) {
    const size_t end = std::min<size_t>(begin + spec_.ppo().mini_batch_size(), order.size());
    out.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                     order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

// The step from every rank's gradients and part of the statistics; returns the whole of those.
absl::StatusOr<MiniBatchStats> PpoLearner::Update(MiniBatchStats stats, uint32_t step) {
  RETURN_IF_ERROR(SumGradients(optimizer_->parameters(), NumbersOf(stats), *ranks_));
  // Of the sum, so that every rank finds the same.
  RETURN_IF_ERROR(CheckFinite(stats.total_loss, "the PPO loss"));
  ASSIGN_OR_RETURN(stats.grad_norm,
                   ClipGradients(optimizer_->parameters(), spec_.optimizer().max_grad_norm()));
  optimizer_->Step(LearningRateAt(spec_.optimizer(), step, spec_.ppo().steps()));
  return stats;
}

// The gradients and statistics of this rank's rows of a mini-batch.
absl::StatusOr<MiniBatchStats> PpoLearner::LearnShare(const RolloutRows& all,
                                                      const Batch& positions, const OldPolicy& old,
                                                      const Advantages& advantages) {
  const RankShare share = ShareOf(positions.size(), *ranks_);
  if (share.size == 0) return MiniBatchStats();
  RolloutRows rows;
  Batch own, own_positions;
  for (size_t i = share.begin; i < share.begin + share.size; ++i) {
    rows.push_back(all[positions[i]]);
    own.push_back(static_cast<uint32_t>(i));
    own_positions.push_back(positions[i]);
  }
  const int64_t time = LongestResponse(rows);
  const double tokens = old.mask.sum().item<double>();
  const Advantages targets = TakeRows(advantages, own, time);
  const Pass pass = Forward(*model_, rows, true, true);
  PpoLoss loss = ComputePpoLossShare(TakeRows(old, own, time), targets, pass.logprobs, pass.values,
                                     LossOptions(), tokens);
  loss.stats.entropy = pass.entropy / tokens;
  loss.total.backward();
  if (hooks_.on_mini_batch) {
    MiniBatchStats whole = loss.stats;
    SetTargetStats(old, advantages, whole);
    hooks_.on_mini_batch(
        {own_positions, pass.logprobs.detach(), pass.values.detach(), loss.ratio, targets, whole});
  }
  return loss.stats;
}

absl::StatusOr<MiniBatchStats> PpoLearner::LearnMiniBatch(const RolloutRows& all,
                                                          const Batch& positions,
                                                          const Experience& experience,
                                                          uint32_t step) {
  RolloutRows rows;
  for (uint32_t position : positions) rows.push_back(all[position]);
  const int64_t time = LongestResponse(rows);
  const OldPolicy old = TakeRows(experience.old, positions, time);
  // Responses of one token teach nothing.
  if (old.mask.sum().item<double>() == 0) return MiniBatchStats();
  const Advantages advantages = experience.whole_batch
                                    ? TakeRows(*experience.whole_batch, positions, time)
                                    : ComputeAdvantages(old, LossOptions());
  optimizer_->ZeroGrad();
  ASSIGN_OR_RETURN(const MiniBatchStats part, LearnShare(all, positions, old, advantages));
  ASSIGN_OR_RETURN(MiniBatchStats stats, Update(part, step));
  SetTargetStats(old, advantages, stats);
  return stats;
}

absl::Status PpoLearner::LearnBatch(const RolloutRows& all, const Experience& experience,
                                    uint32_t step, const std::function<absl::Status()>& check,
                                    MiniBatchStats& mean) {
  const double passes = static_cast<double>(all.size() * spec_.ppo().ppo_epochs());
  uint64_t pass = 0;
  for (uint32_t epoch = 0; epoch < spec_.ppo().ppo_epochs(); ++epoch) {
    for (const Batch& positions : MiniBatches(all.size(), step, epoch)) {
      RETURN_IF_ERROR(check());
      SeedValueDropout(step, ++pass);
      ASSIGN_OR_RETURN(const MiniBatchStats stats,
                       LearnMiniBatch(all, positions, experience, step));
      AddWeighted(static_cast<double>(positions.size()) / passes, stats, mean);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LearnStats> PpoLearner::LearnHere(std::span<const TokenSequence> rollouts,
                                                 const std::vector<double>& scores, double kl_coef,
                                                 uint32_t step,
                                                 const std::function<absl::Status()>& check) {
  RolloutRows all;
  for (const TokenSequence& rollout : rollouts) all.push_back(&rollout);
  const std::vector<double> kept =
      PenaliseMissingEos(scores, all, static_cast<int32_t>(model_->config().eos_token_id),
                         spec_.ppo().improvements().missing_eos_penalty());
  SeedValueDropout(step, 0);
  ASSIGN_OR_RETURN(const Experience experience, MakeExperience(all, kept, kl_coef));
  LearnStats stats = BatchStats(all, kept, experience, kl_coef, step);
  RETURN_IF_ERROR(CheckFinite(stats.kl, "the KL against the reference policy"));
  if (hooks_.on_experience) hooks_.on_experience(experience);
  RETURN_IF_ERROR(LearnBatch(all, experience, step, check, stats.mean));
  // What the last mini-batch's update made is seen by no loss any more, but by every replica.
  RETURN_IF_ERROR(CheckFinite(optimizer_->parameters()));
  return stats;
}

absl::StatusOr<LearnStats> PpoLearner::Learn(std::span<const TokenSequence> rollouts,
                                             const std::vector<double>& scores, double kl_coef,
                                             uint32_t step,
                                             const std::function<absl::Status()>& check) {
  if (ranks_->size() > 1) {
    RETURN_IF_ERROR(
        ranks_->Broadcast(PackStep({{rollouts.begin(), rollouts.end()}, scores, kl_coef, step}))
            .status());
  }
  return LearnHere(rollouts, scores, kl_coef, step, check);
}

absl::Status PpoLearner::Follow() {
  ASSIGN_OR_RETURN(const std::string bytes, ranks_->Broadcast(""));
  ASSIGN_OR_RETURN(const LearnStep given, UnpackStep(bytes));
  return LearnHere(given.rollouts, given.scores, given.kl_coef, given.step,
                   [] { return absl::OkStatus(); })
      .status();
}

absl::Status PpoLearner::StartFromRankZero() {
  if (ranks_->size() == 1) return absl::OkStatus();
  RETURN_IF_ERROR(CheckSameOnAllRanks("the model", FingerprintOf(model_->parameters()), *ranks_));
  return ShareOptimizer(*optimizer_, *ranks_);
}

}  // namespace tact
