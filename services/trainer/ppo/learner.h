// The learner of PPO: the policy with its value head, the reference policy, and the update.
#ifndef TACT_SERVICES_TRAINER_PPO_LEARNER_H_
#define TACT_SERVICES_TRAINER_PPO_LEARNER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "common/model/value_head.h"
#include "services/trainer/optim/adamw.h"
#include "services/trainer/ppo/ppo_loss.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/weights/sequence_logprobs.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// What a step has learnt; means over its mini-batches, weighted by their rollouts.
struct LearnStats {
  double loss = 0, policy_loss = 0, value_loss = 0, clip_fraction = 0, entropy = 0, grad_norm = 0;
  double kl = 0;  // mean over the batch of a response's summed KL, before the update
};

class PpoLearner {
 public:
  // With LoRA a fresh adapter is trained and the reference is the model without it; else every
  // weight is, and `reference` is a frozen copy.
  static absl::StatusOr<std::unique_ptr<PpoLearner>> Create(std::unique_ptr<T5Model> model,
                                                            std::unique_ptr<T5Model> reference,
                                                            const v1::JobSpec& spec);

  T5Model& model() { return *model_; }
  LoraAdapter* adapter() { return adapter_.get(); }
  AdamW& optimizer() { return *optimizer_; }  // of the policy's and the value head's weights

  // One PPO step on rollouts with their scores. `check` is asked before every mini-batch. An error
  // that names a tensor leaves the weights of the last whole mini-batch.
  absl::StatusOr<LearnStats> Learn(std::span<const TokenSequence> rollouts,
                                   const std::vector<double>& scores, double kl_coef, uint32_t step,
                                   const std::function<absl::Status()>& check);

 private:
  struct Pass {
    at::Tensor logprobs;  // [batch, time], 0 behind a response's end
    at::Tensor values;    // [batch, time], undefined without the value head
    double entropy = 0;   // mean over learnt tokens, where asked for
  };
  struct Experience;  // of the whole batch, before the update
  using Rows = std::vector<const TokenSequence*>;

  PpoLearner(std::unique_ptr<T5Model> model, std::unique_ptr<T5Model> reference,
             const v1::JobSpec& spec);
  Pass Forward(const T5Model& model, const Rows& rows, bool with_values, bool with_entropy) const;
  at::Tensor ReferenceLogprobs(const Rows& rows);
  Experience MakeExperience(const Rows& rows, const std::vector<double>& scores, double kl_coef);
  std::vector<Batch> MiniBatches(size_t rollouts, uint32_t step, uint32_t epoch) const;
  absl::Status LearnMiniBatch(const Rows& all, const Batch& positions, const OldPolicy& experience,
                              uint32_t step, LearnStats& stats);
  void SeedValueDropout(uint32_t step, uint64_t pass);

  const v1::JobSpec spec_;
  std::unique_ptr<T5Model> model_;
  std::unique_ptr<T5Model> reference_;    // null with LoRA
  std::unique_ptr<LoraAdapter> adapter_;  // null without
  ValueHead value_head_;
  std::unique_ptr<AdamW> optimizer_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_LEARNER_H_
