// What the supervised loop trains: a model, its examples and its loss. One kind of job, one task.
#ifndef TACT_SERVICES_TRAINER_SUPERVISED_TASK_H_
#define TACT_SERVICES_TRAINER_SUPERVISED_TASK_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>

#include "common/model/trainable_model.h"

namespace tact {

struct Validation {
  double loss = 0;  // mean over what the training loss averages over
  std::optional<double> accuracy;
};

class SupervisedTask {
 public:
  virtual ~SupervisedTask() = default;
  virtual TrainableModel& model() = 0;
  // Tokens of each training example; bucketing sorts by them.
  virtual std::span<const uint32_t> lengths() const = 0;
  // Mean loss over the counted items (response tokens, texts) of these training examples.
  virtual at::Tensor MeanLoss(std::span<const uint32_t> examples) = 0;  // scalar
  // How many items MeanLoss averages over: the weight of a micro-batch within its step.
  virtual double Weight(std::span<const uint32_t> examples) const = 0;
  // Over the held-out examples; nothing if there are none.
  virtual std::optional<Validation> Validate() = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SUPERVISED_TASK_H_
