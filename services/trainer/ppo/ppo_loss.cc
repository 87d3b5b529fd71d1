#include "services/trainer/ppo/ppo_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/max.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "services/trainer/ppo/gae.h"
#include "services/trainer/ppo/masked.h"

namespace tact {

at::Tensor LearningMask(const std::vector<int64_t>& lengths) {
  const int64_t time = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  at::Tensor mask = at::zeros({static_cast<int64_t>(lengths.size()), time}, at::kFloat);
  float* data = mask.data_ptr<float>();
  for (size_t i = 0; i < lengths.size(); ++i) {
    float* row = data + static_cast<int64_t>(i) * time;
    for (int64_t t = 1; t < lengths[i]; ++t) row[t] = 1.0f;
  }
  return mask;
}

at::Tensor TokenRewards(const std::vector<double>& scores, const at::Tensor& logprobs,
                        const at::Tensor& reference_logprobs, const at::Tensor& mask,
                        double kl_coef) {
  at::NoGradGuard no_grad;
  at::Tensor rewards = ((logprobs - reference_logprobs) * -kl_coef).contiguous();
  const at::Tensor kept = mask.contiguous();
  const int64_t time = rewards.size(1);
  for (size_t i = 0; i < scores.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i) * time;
    int64_t last = time - 1;
    while (last >= 0 && kept.data_ptr<float>()[row + last] == 0) --last;
    if (last >= 0) rewards.data_ptr<float>()[row + last] += static_cast<float>(scores[i]);
  }
  return rewards;
}

PpoLoss ComputePpoLoss(const OldPolicy& old, const at::Tensor& logprobs, const at::Tensor& values,
                       const PpoLossOptions& options) {
  const at::Tensor& mask = old.mask;
  const at::Tensor old_values = old.values * mask;
  at::Tensor advantages =
      GeneralizedAdvantages(old.rewards * mask, old_values, options.gamma, options.lambda);
  const at::Tensor returns = advantages + old_values;
  advantages = MaskedWhiten(advantages, mask);

  const at::Tensor clipped = at::minimum(at::maximum(values, old_values - options.cliprange_value),
                                         old_values + options.cliprange_value);
  const at::Tensor value_losses = (values - returns).pow(2);
  const at::Tensor clipped_losses = (clipped - returns).pow(2);
  const at::Tensor value_loss = MaskedMean(at::max(value_losses, clipped_losses), mask) * 0.5;

  const at::Tensor ratio = (logprobs - old.logprobs).exp();
  const at::Tensor losses = -advantages * ratio;
  const at::Tensor clipped_policy =
      -advantages * ratio.clamp(1.0 - options.cliprange, 1.0 + options.cliprange);
  const at::Tensor policy_loss = MaskedMean(at::max(losses, clipped_policy), mask);

  PpoLoss out;
  out.total = policy_loss + value_loss * options.vf_coef;
  at::NoGradGuard no_grad;
  out.policy = policy_loss.item<double>();
  out.value = value_loss.item<double>();
  out.clip_fraction = MaskedMean(clipped_policy.gt(losses).to(at::kFloat), mask).item<double>();
  out.value_clip_fraction =
      MaskedMean(clipped_losses.gt(value_losses).to(at::kFloat), mask).item<double>();
  out.approx_kl = MaskedMean((logprobs - old.logprobs).pow(2), mask).item<double>() * 0.5;
  return out;
}

double MeanEntropy(const at::Tensor& logits, const at::Tensor& mask) {
  at::NoGradGuard no_grad;
  const at::Tensor logprobs = logits.detach().log_softmax(-1);
  return MaskedMean(-(logprobs.exp() * logprobs).sum(-1), mask).item<double>();
}

}  // namespace tact
