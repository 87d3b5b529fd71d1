// Supervised fine-tuning of a T5 model: cross-entropy of the response's tokens given the prompt.
#ifndef TACT_SERVICES_TRAINER_SFT_SFT_TASK_H_
#define TACT_SERVICES_TRAINER_SFT_SFT_TASK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/model/t5_model.h"
#include "services/trainer/sft/examples.h"
#include "services/trainer/supervised/task.h"

namespace tact {

class SftTask : public SupervisedTask {
 public:
  // `model` must outlive the task.
  SftTask(T5Model& model, const v1::SupervisedSettings& settings, std::vector<SftExample> train,
          std::vector<SftExample> held_out);

  TrainableModel& model() override { return model_; }
  std::span<const uint32_t> lengths() const override { return lengths_; }
  at::Tensor MeanLoss(std::span<const uint32_t> examples) override;
  double Weight(std::span<const uint32_t> examples) const override;
  std::optional<Validation> Validate() override;

 private:
  using Examples = std::vector<const SftExample*>;
  at::Tensor Loss(const Examples& examples, double label_smoothing) const;
  Examples Select(std::span<const uint32_t> positions) const;
  size_t CountedTokens(const SftExample& example) const;

  T5Model& model_;
  const v1::SupervisedSettings settings_;
  std::vector<SftExample> train_, held_out_;
  std::vector<uint32_t> lengths_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SFT_SFT_TASK_H_
