#include "services/trainer/ppo/token_rewards.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>

namespace tact {

at::Tensor LearningMask(const std::vector<int64_t>& lengths, bool count_first) {
  const int64_t time = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  at::Tensor mask = at::zeros({static_cast<int64_t>(lengths.size()), time}, at::kFloat);
  float* data = mask.data_ptr<float>();
  for (size_t i = 0; i < lengths.size(); ++i) {
    float* row = data + static_cast<int64_t>(i) * time;
    for (int64_t t = count_first ? 0 : 1; t < lengths[i]; ++t) row[t] = 1.0f;
  }
  return mask;
}

at::Tensor EstimateKl(const at::Tensor& logprobs, const at::Tensor& reference_logprobs,
                      v1::KlEstimator estimator) {
  at::NoGradGuard no_grad;
  const at::Tensor d = logprobs - reference_logprobs;
  switch (estimator) {
    case v1::KL_ESTIMATOR_K2:
      return d * d * 0.5;
    case v1::KL_ESTIMATOR_K3:
      return (-d).expm1() + d;
    case v1::KL_ESTIMATOR_ABSOLUTE:
      return d.abs();
    default:
      return d;
  }
}

TokenRewards RewardTokens(const std::vector<double>& scores, const at::Tensor& kl,
                          const at::Tensor& mask, double kl_coef) {
  at::NoGradGuard no_grad;
  const at::Tensor penalty = (kl * -kl_coef).contiguous();
  const at::Tensor total = penalty.clone(), kept = mask.contiguous();
  const int64_t time = total.size(1);
  for (size_t i = 0; i < scores.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i) * time;
    int64_t last = time - 1;
    while (last >= 0 && kept.data_ptr<float>()[row + last] == 0) --last;
    if (last >= 0) total.data_ptr<float>()[row + last] += static_cast<float>(scores[i]);
  }
  return {penalty, total};
}

std::vector<double> PenaliseMissingEos(std::vector<double> scores,
                                       const std::vector<const TokenSequence*>& rollouts,
                                       int32_t eos, double penalty) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (rollouts[i]->response.back() != eos) scores[i] -= penalty;
  }
  return scores;
}

}  // namespace tact
