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
                       const at::Tensor& logprobs, double cliprange) {
  PolicyTerms out;
  out.ratio = (logprobs - old.logprobs).exp();
  out.losses = -advantages * out.ratio;
  out.clipped = -advantages * out.ratio.clamp(1.0 - cliprange, 1.0 + cliprange);
  at::Tensor greater = at::max(out.losses, out.clipped);
  if (old.importance.defined()) greater = greater * old.importance;
  out.loss = MaskedMean(greater, old.mask);
  return out;
}

struct ValueTerms {
  at::Tensor losses, clipped, loss;
};

ValueTerms ValueLoss(const OldPolicy& old, const at::Tensor& returns, const at::Tensor& values,
                     double cliprange) {
  const at::Tensor old_values = old.values * old.mask;
  const at::Tensor clipped =
      at::minimum(at::maximum(values, old_values - cliprange), old_values + cliprange);
  ValueTerms out;
  out.losses = (values - returns).pow(2);
  out.clipped = (clipped - returns).pow(2);
  out.loss = MaskedMean(at::max(out.losses, out.clipped), old.mask) * 0.5;
  return out;
}

double Mean(const at::Tensor& values, const at::Tensor& mask) {
  return MaskedMean(values, mask).item<double>();
}

double ShareWhere(const at::Tensor& truth, const at::Tensor& mask) {
  return Mean(truth.to(at::kFloat), mask);
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

PpoLoss ComputePpoLoss(const OldPolicy& old, const Advantages& advantages,
                       const at::Tensor& logprobs, const at::Tensor& values,
                       const PpoLossOptions& options) {
  const at::Tensor& mask = old.mask;
  const PolicyTerms policy = PolicyLoss(old, advantages.whitened, logprobs, options.cliprange);
  const ValueTerms value = ValueLoss(old, advantages.returns, values, options.cliprange_value);
  PpoLoss out;
  out.total = policy.loss + value.loss * options.vf_coef;
  out.ratio = policy.ratio.detach();

  at::NoGradGuard no_grad;
  const at::Tensor change = logprobs - old.logprobs, old_values = old.values * mask;
  out.stats = {.policy_loss = policy.loss.item<double>(),
               .value_loss = value.loss.item<double>(),
               .total_loss = out.total.item<double>(),
               .approx_kl = Mean(change * change, mask) * 0.5,
               .policy_kl = -Mean(change, mask),
               .clip_fraction = ShareWhere(policy.clipped.gt(policy.losses), mask),
               .advantage_mean = Mean(advantages.whitened, mask),
               .return_mean = Mean(advantages.returns, mask),
               .return_variance = Variance(advantages.returns, mask),
               .value_prediction = Mean(values, mask),
               .value_error = Mean(value.losses, mask),
               .value_clip_fraction = ShareWhere(value.clipped.gt(value.losses), mask),
               .value_mean = Mean(old_values, mask),
               .value_variance = Variance(old_values, mask)};
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
