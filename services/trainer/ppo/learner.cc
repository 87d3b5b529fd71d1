#include "services/trainer/ppo/learner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/model/losses.h"
#include "services/trainer/optim/gradients.h"
#include "services/trainer/optim/schedule.h"
#include "services/trainer/ppo/masked.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/supervised/token_batch.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

// Streams of random numbers within a job's seed; lora_settings.h has others.
constexpr uint64_t kMiniBatchStream = 5, kValueDropoutStream = 6;

std::vector<int64_t> Lengths(const std::vector<const TokenSequence*>& rows) {
  std::vector<int64_t> out;
  for (const TokenSequence* row : rows) out.push_back(static_cast<int64_t>(row->response.size()));
  return out;
}

int64_t LongestResponse(const std::vector<const TokenSequence*>& rows) {
  const std::vector<int64_t> lengths = Lengths(rows);
  return *std::max_element(lengths.begin(), lengths.end());
}

// Some rows of the whole batch, cut to the longest of them.
OldPolicy TakeRows(const OldPolicy& all, const Batch& rows, int64_t time) {
  const auto take = [&](const at::Tensor& tensor) {
    std::vector<at::Tensor> taken;
    for (uint32_t row : rows) taken.push_back(tensor.select(0, row).slice(0, 0, time).unsqueeze(0));
    return at::cat(taken);
  };
  return {take(all.logprobs), take(all.values), take(all.rewards), take(all.mask)};
}

// [rows, time] parts one below the other, each padded with 0 to the widest.
at::Tensor Stack(const std::vector<at::Tensor>& parts) {
  int64_t time = 0;
  for (const at::Tensor& part : parts) time = std::max(time, part.size(1));
  std::vector<at::Tensor> padded;
  for (const at::Tensor& part : parts) {
    padded.push_back(at::constant_pad_nd(part, {0, time - part.size(1)}));
  }
  return at::cat(padded);
}

}  // namespace

struct PpoLearner::Experience {
  OldPolicy old;
  double kl = 0;
};

PpoLearner::PpoLearner(std::unique_ptr<T5Model> model, std::unique_ptr<T5Model> reference,
                       const v1::JobSpec& spec)
    : spec_(spec),
      model_(std::move(model)),
      reference_(std::move(reference)),
      value_head_(model_->config().d_model, MixKey(spec.seed(), kValueHeadStream)) {}

absl::StatusOr<std::unique_ptr<PpoLearner>> PpoLearner::Create(std::unique_ptr<T5Model> model,
                                                               std::unique_ptr<T5Model> reference,
                                                               const v1::JobSpec& spec) {
  auto learner =
      std::unique_ptr<PpoLearner>(new PpoLearner(std::move(model), std::move(reference), spec));
  if (learner->reference_ == nullptr) {
    ASSIGN_OR_RETURN(learner->adapter_, LoraAdapter::Attach(*learner->model_, ToLoraConfig(spec),
                                                            MixKey(spec.seed(), kAdapterStream)));
  } else {
    learner->model_->SetRequiresGrad(true);
    learner->reference_->SetRequiresGrad(false);
  }
  // As in trl: the model's own dropout is off, the value head's is on in every pass.
  learner->value_head_.SetTraining(true);
  std::vector<NamedTensor> trained = TrainableParameters(*learner->model_);
  for (const NamedTensor& item : learner->value_head_.parameters().items()) trained.push_back(item);
  const v1::OptimizerSettings& o = spec.optimizer();
  learner->optimizer_ = std::make_unique<AdamW>(
      std::move(trained), AdamWOptions{o.beta1(), o.beta2(), o.epsilon(), o.weight_decay()});
  return learner;
}

void PpoLearner::SeedValueDropout(uint32_t step, uint64_t pass) {
  const uint64_t key = MixKey(MixKey(spec_.seed(), kValueDropoutStream), step);
  value_head_.dropout_generator().set_current_seed(MixKey(key, pass));
}

// Logits are made for the responses' tokens alone, not for padding: the head is the largest matrix.
PpoLearner::Pass PpoLearner::Forward(const T5Model& model, const Rows& rows, bool with_values,
                                     bool with_entropy) const {
  std::vector<const std::vector<int32_t>*> prompts, responses;
  for (const TokenSequence* row : rows) {
    prompts.push_back(&row->prompt);
    responses.push_back(&row->response);
  }
  const TokenBatch prompt = MakeTokenBatch(prompts, model.config().pad_token_id);
  const TokenBatch labels = MakeTokenBatch(responses, kIgnoreIndex);
  const at::Tensor hidden = model.Decode(model.ShiftRight(labels.ids), {},
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
    const at::Tensor mask = LearningMask(Lengths(rows)).reshape({-1}).index_select(0, tokens);
    pass.entropy = MeanEntropy(logits, mask);
  }
  return pass;
}

at::Tensor PpoLearner::ReferenceLogprobs(const Rows& rows) {
  const ScopedAdapterOff off(adapter_.get());
  const T5Model& reference = reference_ != nullptr ? *reference_ : *model_;
  return Forward(reference, rows, false, false).logprobs;
}

PpoLearner::Experience PpoLearner::MakeExperience(const Rows& rows,
                                                  const std::vector<double>& scores,
                                                  double kl_coef) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> logprobs, values, references;
  for (size_t begin = 0; begin < rows.size(); begin += spec_.ppo().mini_batch_size()) {
    const size_t end = std::min<size_t>(begin + spec_.ppo().mini_batch_size(), rows.size());
    const Rows part(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                    rows.begin() + static_cast<std::ptrdiff_t>(end));
    Pass pass = Forward(*model_, part, true, false);
    logprobs.push_back(pass.logprobs);
    values.push_back(pass.values);
    references.push_back(ReferenceLogprobs(part));
  }
  Experience out;
  out.old.logprobs = Stack(logprobs);
  out.old.values = Stack(values);
  out.old.mask = LearningMask(Lengths(rows));
  const at::Tensor reference = Stack(references);
  out.old.rewards = TokenRewards(scores, out.old.logprobs, reference, out.old.mask, kl_coef);
  out.kl = ((out.old.logprobs - reference) * out.old.mask).sum(-1).mean().item<double>();
  return out;
}

std::vector<Batch> PpoLearner::MiniBatches(size_t rollouts, uint32_t step, uint32_t epoch) const {
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

absl::Status PpoLearner::LearnMiniBatch(const Rows& all, const Batch& positions,
                                        const OldPolicy& experience, uint32_t step,
                                        LearnStats& stats) {
  Rows rows;
  for (uint32_t position : positions) rows.push_back(all[position]);
  const OldPolicy old = TakeRows(experience, positions, LongestResponse(rows));
  if (old.mask.sum().item<double>() == 0) return absl::OkStatus();  // one token teaches nothing
  const v1::PpoSettings& ppo = spec_.ppo();
  optimizer_->ZeroGrad();
  const Pass pass = Forward(*model_, rows, true, true);
  const PpoLoss loss = ComputePpoLoss(
      old, pass.logprobs, pass.values,
      {ppo.gamma(), ppo.lambda(), ppo.cliprange(), ppo.cliprange_value(), ppo.vf_coef()});
  const double total = loss.total.item<double>();
  RETURN_IF_ERROR(CheckFinite(total, "the PPO loss"));
  loss.total.backward();
  ASSIGN_OR_RETURN(const double norm,
                   ClipGradients(optimizer_->parameters(), spec_.optimizer().max_grad_norm()));
  optimizer_->Step(LearningRateAt(spec_.optimizer(), step, ppo.steps()));
  const double weight =
      static_cast<double>(rows.size()) / static_cast<double>(all.size() * ppo.ppo_epochs());
  stats.loss += weight * total;
  stats.policy_loss += weight * loss.policy;
  stats.value_loss += weight * loss.value;
  stats.clip_fraction += weight * loss.clip_fraction;
  stats.entropy += weight * pass.entropy;
  stats.grad_norm += weight * norm;
  return absl::OkStatus();
}

absl::StatusOr<LearnStats> PpoLearner::Learn(std::span<const TokenSequence> rollouts,
                                             const std::vector<double>& scores, double kl_coef,
                                             uint32_t step,
                                             const std::function<absl::Status()>& check) {
  Rows all;
  for (const TokenSequence& rollout : rollouts) all.push_back(&rollout);
  SeedValueDropout(step, 0);
  const Experience experience = MakeExperience(all, scores, kl_coef);
  RETURN_IF_ERROR(CheckFinite(experience.kl, "the KL against the reference policy"));
  LearnStats stats;
  stats.kl = experience.kl;
  uint64_t pass = 0;
  for (uint32_t epoch = 0; epoch < spec_.ppo().ppo_epochs(); ++epoch) {
    for (const Batch& positions : MiniBatches(all.size(), step, epoch)) {
      RETURN_IF_ERROR(check());
      SeedValueDropout(step, ++pass);
      RETURN_IF_ERROR(LearnMiniBatch(all, positions, experience.old, step, stats));
    }
  }
  return stats;
}

}  // namespace tact
