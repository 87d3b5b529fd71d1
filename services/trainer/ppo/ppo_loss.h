// The objective of PPO (Schulman et al. 2017) on responses, as trl 0.4.2's PPOTrainer has it for
// encoder-decoder models. All tensors [batch, time] f32 over a response's tokens: entry t is the
// t-th token that was generated.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_

#include <ATen/core/Tensor.h>

#include "services/trainer/ppo/ppo_stats.h"

namespace tact {

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
  at::Tensor importance = {};  // weights of the tokens' policy losses; undefined: 1
};

struct Advantages {
  at::Tensor raw;       // by GAE
  at::Tensor whitened;  // over the mask
  at::Tensor returns;   // raw + old values, 0 where the mask is 0
};

Advantages ComputeAdvantages(const OldPolicy& old, const PpoLossOptions& options);

struct PpoLoss {
  at::Tensor total;      // policy + vf_coef * value; with gradients
  at::Tensor ratio;      // exp(logprob - old logprob); without
  MiniBatchStats stats;  // all but entropy and grad_norm
};

//   policy: mean w max(-A ratio, -A clip(ratio, 1 - c, 1 + c)),   A whitened, w the importance
//   value:  mean max((v - R)^2, (clip(v, v_old - cv, v_old + cv) - R)^2) / 2,   R the returns
PpoLoss ComputePpoLoss(const OldPolicy& old, const Advantages& advantages,
                       const at::Tensor& logprobs, const at::Tensor& values,
                       const PpoLossOptions& options);

// The same for some rows of a mini-batch that has `tokens` learnt tokens in all: their part of each
// sum over `tokens`, so that the parts of all rows add up to the whole. `stats` holds no means and
// variances of what is known before (SetTargetStats).
PpoLoss ComputePpoLossShare(const OldPolicy& old, const Advantages& advantages,
                            const at::Tensor& logprobs, const at::Tensor& values,
                            const PpoLossOptions& options, double tokens);

// Sets the means and variances of the old values, the advantages and the returns.
void SetTargetStats(const OldPolicy& old, const Advantages& advantages, MiniBatchStats& stats);

// min(exp(logprob - behaviour logprob), cap): truncated importance sampling between the policy that
// drew the tokens and the learner's old policy, which should be the same and are not quite.
at::Tensor ImportanceWeights(const at::Tensor& logprobs, const at::Tensor& behaviour_logprobs,
                             double cap);

// Of the next-token distributions, log sum exp(x) - sum p x: logits [..., vocab] -> [...].
at::Tensor TokenEntropy(const at::Tensor& logits);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_LOSS_H_
