// The objective of PPO (Schulman et al. 2017) on responses, as trl 0.4.2's PPOTrainer has it for
// encoder-decoder models. All tensors [batch, time] f32 over a response's tokens: entry t is the
// t-th token that was generated.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_

#include <ATen/core/Tensor.h>

#include <vector>

namespace tact {

// 1 for the tokens that are learnt from. trl 0.4.2 leaves the first token of each response out
// (start = 1 in its batched_forward_pass); `lengths` counts tokens, the end token included.
at::Tensor LearningMask(const std::vector<int64_t>& lengths);

// Rewards: -kl_coef (logprob - reference logprob) on every token, and the score added on the last
// one that the mask keeps. Responses of one token keep none and get no score, as there is nothing
// to learn from them.
at::Tensor TokenRewards(const std::vector<double>& scores, const at::Tensor& logprobs,
                        const at::Tensor& reference_logprobs, const at::Tensor& mask,
                        double kl_coef);

struct PpoLossOptions {
  double gamma = 1.0;
  double lambda = 0.95;
  double cliprange = 0.2;
  double cliprange_value = 0.2;
  double vf_coef = 0.1;
};

// What the old policy said about a mini-batch.
struct OldPolicy {
  at::Tensor logprobs;
  at::Tensor values;
  at::Tensor rewards;
  at::Tensor mask;
};

struct PpoLoss {
  at::Tensor total;  // policy + vf_coef * value; with gradients
  double policy = 0;
  double value = 0;
  double clip_fraction = 0;  // of the policy's ratio
  double value_clip_fraction = 0;
  double approx_kl = 0;  // mean of (logprob - old logprob)^2 / 2
};

// Advantages by GAE, whitened over the mini-batch, and
//   policy: mean max(-A ratio, -A clip(ratio, 1 - c, 1 + c))
//   value:  mean max((v - R)^2, (clip(v, v_old - cv, v_old + cv) - R)^2) / 2,   R = A + v_old
PpoLoss ComputePpoLoss(const OldPolicy& old, const at::Tensor& logprobs, const at::Tensor& values,
                       const PpoLossOptions& options);

// Mean over kept tokens of the entropy of the next-token distribution; logits [batch, time, vocab].
double MeanEntropy(const at::Tensor& logits, const at::Tensor& mask);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_
