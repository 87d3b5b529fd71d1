// Training of a RoBERTa sequence classifier on labelled texts.
#ifndef TACT_SERVICES_TRAINER_CLASSIFIER_CLASSIFIER_TASK_H_
#define TACT_SERVICES_TRAINER_CLASSIFIER_CLASSIFIER_TASK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/roberta_model.h"
#include "common/text/tokenizer.h"
#include "services/trainer/datasets/dataset_store.h"
#include "services/trainer/supervised/task.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct ClassifierExample {
  std::vector<int32_t> ids;  // special tokens included
  int64_t class_index = 0;
};

// A text above spec.supervised.max_prompt_tokens, or above what the model can read, is cut where
// spec.truncate is set, else INVALID_ARGUMENT names it.
absl::StatusOr<std::vector<ClassifierExample>> ReadClassifierExamples(const StoredDataset& dataset,
                                                                      const Tokenizer& tokenizer,
                                                                      const RobertaConfig& config,
                                                                      const v1::JobSpec& spec);

class ClassifierTask : public SupervisedTask {
 public:
  // `model` must outlive the task.
  ClassifierTask(RobertaModel& model, const v1::SupervisedSettings& settings,
                 std::vector<ClassifierExample> train, std::vector<ClassifierExample> held_out);

  TrainableModel& model() override { return model_; }
  std::span<const uint32_t> lengths() const override { return lengths_; }
  at::Tensor MeanLoss(std::span<const uint32_t> examples) override;
  double Weight(std::span<const uint32_t> examples) const override {
    return static_cast<double>(examples.size());
  }
  std::optional<Validation> Validate() override;

 private:
  using Examples = std::vector<const ClassifierExample*>;
  at::Tensor Logits(const Examples& examples) const;    // [batch, classes]
  static at::Tensor Classes(const Examples& examples);  // [batch] int64

  RobertaModel& model_;
  const v1::SupervisedSettings settings_;
  std::vector<ClassifierExample> train_, held_out_;
  std::vector<uint32_t> lengths_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLASSIFIER_CLASSIFIER_TASK_H_
