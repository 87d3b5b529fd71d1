// What a PPO step knows of its batch before it learns, and what those who watch it are shown.
// Tensors [batch, time] f32 over the tokens of the responses; behind a response's end they mean
// nothing.
#ifndef TACT_SERVICES_TRAINER_PPO_EXPERIENCE_H_
#define TACT_SERVICES_TRAINER_PPO_EXPERIENCE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "services/trainer/ppo/ppo_loss.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/weights/sequence_logprobs.h"

namespace tact {

// The batch in the order of its rollouts.
struct Experience {
  OldPolicy old;
  at::Tensor reference_logprobs;
  at::Tensor kl;                          // of each token, as the job estimates it
  at::Tensor penalty;                     // -kl_coef KL
  std::optional<Advantages> whole_batch;  // where they are whitened over the batch
};

// One mini-batch, before its update; rows in the order of `positions`, cut to their longest.
struct MiniBatchRecord {
  const Batch& positions;  // in the batch
  at::Tensor logprobs;
  at::Tensor values;
  at::Tensor ratio;
  Advantages advantages;
  MiniBatchStats stats;
};

// For those who watch or replay a step; what is not set is the learner's own.
struct LearnHooks {
  // The mini-batches of one pass over the batch, in their order.
  std::function<std::vector<Batch>(size_t rollouts, uint32_t step, uint32_t epoch)> mini_batches;
  std::function<void(const Experience&)> on_experience;
  std::function<void(const MiniBatchRecord&)> on_mini_batch;
};

using RolloutRows = std::vector<const TokenSequence*>;

std::vector<int64_t> ResponseLengths(const RolloutRows& rows);

// Some rows of a batch, cut to `time`. Undefined tensors stay so.
OldPolicy TakeRows(const OldPolicy& all, const Batch& rows, int64_t time);
Advantages TakeRows(const Advantages& all, const Batch& rows, int64_t time);

// [rows, time] parts one below the other, each padded with 0 to the widest.
at::Tensor StackRows(const std::vector<at::Tensor>& parts);

// Logprobs of the tokens as they were drawn, as wide as `logprobs`, which stands in where they are
// unknown.
at::Tensor BehaviourLogprobs(const RolloutRows& rows, const at::Tensor& logprobs);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_EXPERIENCE_H_
