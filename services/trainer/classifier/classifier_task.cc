#include "services/trainer/classifier/classifier_task.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/losses.h"
#include "common/text/dataset.h"
#include "services/trainer/classifier/label_order.h"
#include "services/trainer/supervised/token_batch.h"

namespace tact {

absl::StatusOr<std::vector<ClassifierExample>> ReadClassifierExamples(const StoredDataset& dataset,
                                                                      const Tokenizer& tokenizer,
                                                                      const RobertaConfig& config,
                                                                      const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const auto texts, ReadLabelledTexts(dataset.path));
  int max_label = 0;
  for (const LabelledText& text : texts) max_label = std::max(max_label, text.label);
  ASSIGN_OR_RETURN(const std::vector<int64_t> class_of, ClassOfLabel(config.labels, max_label));
  const EncodeOptions options{std::min<size_t>(spec.supervised().max_prompt_tokens(),
                                               static_cast<size_t>(config.max_tokens())),
                              spec.truncate() ? Truncation::kTruncate : Truncation::kError};
  std::vector<ClassifierExample> out;
  out.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string field = StrCat("dataset ", dataset.id, " text ", i + 1);
    ASSIGN_OR_RETURN(Encoded encoded, EncodeBounded(tokenizer, texts[i].text, options, field));
    out.push_back({std::move(encoded.ids), class_of[static_cast<size_t>(texts[i].label)]});
  }
  return out;
}

ClassifierTask::ClassifierTask(RobertaModel& model, const v1::SupervisedSettings& settings,
                               std::vector<ClassifierExample> train,
                               std::vector<ClassifierExample> held_out)
    : model_(model), settings_(settings), train_(std::move(train)), held_out_(std::move(held_out)) {
  for (const ClassifierExample& example : train_) {
    lengths_.push_back(static_cast<uint32_t>(example.ids.size()));
  }
}

at::Tensor ClassifierTask::Logits(const Examples& examples) const {
  std::vector<const std::vector<int32_t>*> rows;
  for (const ClassifierExample* example : examples) rows.push_back(&example->ids);
  const size_t at_least = settings_.pad_to_max() ? settings_.max_prompt_tokens() : 0;
  const TokenBatch batch = MakeTokenBatch(rows, model_.config().pad_token_id, at_least);
  return model_.Forward(batch.ids, batch.mask);
}

at::Tensor ClassifierTask::Classes(const Examples& examples) {
  at::Tensor out = at::empty({static_cast<int64_t>(examples.size())}, at::kLong);
  int64_t* classes = out.data_ptr<int64_t>();
  for (size_t i = 0; i < examples.size(); ++i) classes[i] = examples[i]->class_index;
  return out;
}

at::Tensor ClassifierTask::MeanLoss(std::span<const uint32_t> examples) {
  Examples batch;
  for (uint32_t position : examples) batch.push_back(&train_[position]);
  return CrossEntropy(Logits(batch), Classes(batch), settings_.label_smoothing());
}

std::optional<Validation> ClassifierTask::Validate() {
  if (held_out_.empty()) return std::nullopt;
  at::NoGradGuard no_grad;
  double loss = 0, right = 0;
  for (size_t begin = 0; begin < held_out_.size(); begin += settings_.batch_size()) {
    const size_t end = std::min<size_t>(begin + settings_.batch_size(), held_out_.size());
    Examples batch;
    for (size_t i = begin; i < end; ++i) batch.push_back(&held_out_[i]);
    const at::Tensor logits = Logits(batch), classes = Classes(batch);
    loss += static_cast<double>(batch.size()) * CrossEntropy(logits, classes).item<double>();
    right += logits.argmax(-1).eq(classes).sum().item<double>();
  }
  const double n = static_cast<double>(held_out_.size());
  return Validation{loss / n, right / n};
}

}  // namespace tact
