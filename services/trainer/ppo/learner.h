// The learner of PPO: the policy with its value head, the reference policy, and the update.
#ifndef TACT_SERVICES_TRAINER_PPO_LEARNER_H_
#define TACT_SERVICES_TRAINER_PPO_LEARNER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "common/model/value_head.h"
#include "services/trainer/optim/adamw.h"
#include "services/trainer/ppo/experience.h"
#include "services/trainer/ppo/ppo_loss.h"
#include "services/trainer/ppo/ppo_stats.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/weights/sequence_logprobs.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

class PpoLearner {
 public:
  // With LoRA a fresh adapter is trained, else every weight is. `reference` is the frozen policy of
  // the KL penalty; null takes the model without its adapter, with LoRA.
  static absl::StatusOr<std::unique_ptr<PpoLearner>> Create(std::unique_ptr<T5Model> model,
                                                            std::unique_ptr<T5Model> reference,
                                                            const v1::JobSpec& spec);

  T5Model& model() { return *model_; }
  LoraAdapter* adapter() { return adapter_.get(); }
  ValueHead& value_head() { return value_head_; }
  AdamW& optimizer() { return *optimizer_; }  // of the policy's and the value head's weights
  void set_hooks(LearnHooks hooks) { hooks_ = std::move(hooks); }

  // The ranks that learn together, which must outlive the learner. Every rank then calls Learn in
  // the same order, rank 0 with the batch, the others with what Follow waits for.
  void set_ranks(RankGroup& ranks) { ranks_ = &ranks; }
  // Once, before the first step: rank 0's weights and optimiser on every rank.
  absl::Status StartFromRankZero();
  // The step that rank 0 takes with Learn, on the other ranks.
  absl::Status Follow();

  // One PPO step on rollouts with their scores. `check` is asked before every mini-batch. An error
  // that names a tensor leaves the weights of the last whole mini-batch.
  absl::StatusOr<LearnStats> Learn(std::span<const TokenSequence> rollouts,
                                   const std::vector<double>& scores, double kl_coef, uint32_t step,
                                   const std::function<absl::Status()>& check);

 private:
  struct Pass {
    at::Tensor logprobs;  // [batch, time], 0 behind a response's end
    at::Tensor values;    // [batch, time], undefined without the value head
    double entropy = 0;   // summed over learnt tokens, where asked for
  };

  // What the policy and the reference say before the update, [batch, time].
  struct OldPasses {
    at::Tensor logprobs, values, references;
  };

  PpoLearner(std::unique_ptr<T5Model> model, std::unique_ptr<T5Model> reference,
             const v1::JobSpec& spec);
  Pass Forward(const T5Model& model, const RolloutRows& rows, bool with_values,
               bool with_entropy) const;
  at::Tensor ReferenceLogprobs(const RolloutRows& rows);
  at::Tensor Mask(const RolloutRows& rows) const;
  PpoLossOptions LossOptions() const;
  absl::StatusOr<LearnStats> LearnHere(std::span<const TokenSequence> rollouts,
                                       const std::vector<double>& scores, double kl_coef,
                                       uint32_t step, const std::function<absl::Status()>& check);
  absl::StatusOr<OldPasses> OldPassesOf(const RolloutRows& rows);
  absl::StatusOr<MiniBatchStats> LearnShare(const RolloutRows& all, const Batch& positions,
                                            const OldPolicy& old, const Advantages& advantages);
  absl::StatusOr<Experience> MakeExperience(const RolloutRows& rows,
                                            const std::vector<double>& scores, double kl_coef);
  LearnStats BatchStats(const RolloutRows& rows, const std::vector<double>& scores,
                        const Experience& experience, double kl_coef, uint32_t step) const;
  std::vector<Batch> MiniBatches(size_t rollouts, uint32_t step, uint32_t epoch) const;
  absl::StatusOr<MiniBatchStats> LearnMiniBatch(const RolloutRows& all, const Batch& positions,
                                                const Experience& experience, uint32_t step);
  absl::Status LearnBatch(const RolloutRows& all, const Experience& experience, uint32_t step,
                          const std::function<absl::Status()>& check, MiniBatchStats& mean);
  absl::StatusOr<MiniBatchStats> Update(MiniBatchStats stats, uint32_t step);
  void SeedValueDropout(uint32_t step, uint64_t pass);

  const v1::JobSpec spec_;
  std::unique_ptr<T5Model> model_;
  std::unique_ptr<T5Model> reference_;    // null: the model without its adapter
  std::unique_ptr<LoraAdapter> adapter_;  // null without
  ValueHead value_head_;
  std::unique_ptr<AdamW> optimizer_;
  LearnHooks hooks_;
  SingleRank alone_;
  RankGroup* ranks_ = &alone_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_LEARNER_H_
