// What a response's tokens are rewarded with: the penalty for leaving the reference policy on each,
// and the score on the last. As trl 0.4.2's PPOTrainer.compute_rewards, with other estimators of
// the KL divergence (Schulman 2020, "Approximating KL divergence"). Tensors [batch, time] f32.
#ifndef TACT_SERVICES_TRAINER_PPO_TOKEN_REWARDS_H_
#define TACT_SERVICES_TRAINER_PPO_TOKEN_REWARDS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "services/trainer/weights/sequence_logprobs.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// 1 for the tokens that are learnt from. trl 0.4.2 leaves the first token of each response out
// (start = 1 in its batched_forward_pass), unless `count_first`; `lengths` counts tokens, the end
// token included.
at::Tensor LearningMask(const std::vector<int64_t>& lengths, bool count_first = false);

// Of each token, from d = logprob - reference logprob, as v1::KlEstimator has them.
at::Tensor EstimateKl(const at::Tensor& logprobs, const at::Tensor& reference_logprobs,
                      v1::KlEstimator estimator);

struct TokenRewards {
  at::Tensor penalty;  // -kl_coef KL
  at::Tensor total;    // and the score on the last token that the mask keeps
};

// A response of which the mask keeps nothing gets no score, as there is nothing to learn from it.
TokenRewards RewardTokens(const std::vector<double>& scores, const at::Tensor& kl,
                          const at::Tensor& mask, double kl_coef);

// The scores, less `penalty` for each response that does not end with `eos`.
std::vector<double> PenaliseMissingEos(std::vector<double> scores,
                                       const std::vector<const TokenSequence*>& rollouts,
                                       int32_t eos, double penalty);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_TOKEN_REWARDS_H_
