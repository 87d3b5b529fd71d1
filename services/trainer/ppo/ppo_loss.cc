#include "services/trainer/ppo/ppo_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/max.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <c10/core/GradMode.h>

#include "services/trainer/ppo/gae.h"
#include "services/trainer/ppo/masked.h"

namespace tact {
namespace {

struct PolicyTerms {
  at::Tensor ratio, losses, clipped, loss;
};

PolicyTerms PolicyLoss(const OldPolicy& old, const at::Tensor& advantages,
                       const at::Tensor& logprobs, double cliprange, double tokens) {
  PolicyTerms out;
  out.ratio = (logprobs - old.logprobs).exp();
  out.losses = -advantages * out.ratio;
  out.clipped = -advantages * out.ratio.clamp(1.0 - cliprange, 1.0 + cliprange);
  at::Tensor greater = at::max(out.losses, out.clipped);
  if (old.importance.defined()) greater = greater * old.importance;
  out.loss = (greater * old.mask).sum() / tokens;
  return out;
}

struct ValueTerms {
  at::Tensor losses, clipped, loss;
};

ValueTerms ValueLoss(const OldPolicy& old, const at::Tensor& returns, const at::Tensor& values,
                     double cliprange, double tokens) {
  const at::Tensor old_values = old.values * old.mask;
  const at::Tensor clipped =
      at::minimum(at::maximum(values, old_values - cliprange), old_values + cliprange);
  ValueTerms out;
  out.losses = (values - returns).pow(2);
  out.clipped = (clipped - returns).pow(2);
  out.loss = (at::max(out.losses, out.clipped) * old.mask).sum() / tokens * 0.5;
  return out;
}

double Mean(const at::Tensor& values, const at::Tensor& mask) {
  return MaskedMean(values, mask).item<double>();
}

// One entry alone has no variance.
double Variance(const at::Tensor& values, const at::Tensor& mask) {
  return mask.sum().item<double>() < 2 ? 0.0 : MaskedVariance(values, mask).item<double>();
}

}  // namespace

Advantages ComputeAdvantages(const OldPolicy& old, const PpoLossOptions& options) {
  at::NoGradGuard no_grad;
  const at::Tensor values = old.values * old.mask;
  Advantages out;
  out.raw = GeneralizedAdvantages(old.rewards * old.mask, values, options.gamma, options.lambda);
  out.whitened = MaskedWhiten(out.raw, old.mask);
  out.returns = out.raw + values;
  return out;
}

void SetTargetStats(const OldPolicy& old, const Advantages& advantages, MiniBatchStats& stats) {
  at::NoGradGuard no_grad;
  const at::Tensor old_values = old.values * old.mask;
  stats.advantage_mean = Mean(advantages.whitened, old.mask);
  stats.return_mean = Mean(advantages.returns, old.mask);
  stats.return_variance = Variance(advantages.returns, old.mask);
  stats.value_mean = Mean(old_values, old.mask);
  stats.value_variance = Variance(old_values, old.mask);
}

PpoLoss ComputePpoLossShare(const OldPolicy& old, const Advantages& advantages,
                            const at::Tensor& logprobs, const at::Tensor& values,
                            const PpoLossOptions& options, double tokens) {
  const PolicyTerms policy =
      PolicyLoss(old, advantages.whitened, logprobs, options.cliprange, tokens);
  const ValueTerms value =
      ValueLoss(old, advantages.returns, values, options.cliprange_value, tokens);
  PpoLoss out;
  out.total = policy.loss + value.loss * options.vf_coef;
  out.ratio = policy.ratio.detach();

  at::NoGradGuard no_grad;
  const auto part = [&](const at::Tensor& x) {
    return (x.to(at::kFloat) * old.mask).sum().item<double>() / tokens;
  };
  const at::Tensor change = logprobs - old.logprobs;
  out.stats = {.policy_loss = policy.loss.item<double>(),
               .value_loss = value.loss.item<double>(),
               .total_loss = out.total.item<double>(),
               .approx_kl = part(change * change) * 0.5,
               .policy_kl = -part(change),
               .clip_fraction = part(policy.clipped.gt(policy.losses)),
               .value_prediction = part(values),
               .value_error = part(value.losses),
               .value_clip_fraction = part(value.clipped.gt(value.losses))};
  return out;
}

PpoLoss ComputePpoLoss(const OldPolicy& old, const Advantages& advantages,
                       const at::Tensor& logprobs, const at::Tensor& values,
                       const PpoLossOptions& options) {
  PpoLoss out = ComputePpoLossShare(old, advantages, logprobs, values, options,
                                    old.mask.sum().item<double>());
  SetTargetStats(old, advantages, out.stats);
  return out;
}

at::Tensor ImportanceWeights(const at::Tensor& logprobs, const at::Tensor& behaviour_logprobs,
                             double cap) {
  at::NoGradGuard no_grad;
  return (logprobs - behaviour_logprobs).exp().clamp_max(cap);
}

at::Tensor TokenEntropy(const at::Tensor& logits) {
  at::NoGradGuard no_grad;
  const at::Tensor given = logits.detach();
  return given.logsumexp(-1) - (given.softmax(-1) * given).sum(-1);
}

}  // namespace tact
