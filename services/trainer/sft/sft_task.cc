#include "services/trainer/sft/sft_task.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "common/model/losses.h"
#include "services/trainer/supervised/token_batch.h"

namespace tact {

SftTask::SftTask(T5Model& model, const v1::SupervisedSettings& settings,
                 std::vector<SftExample> train, std::vector<SftExample> held_out)
    : model_(model), settings_(settings), train_(std::move(train)), held_out_(std::move(held_out)) {
  for (const SftExample& example : train_) {
    lengths_.push_back(static_cast<uint32_t>(example.prompt.size() + example.response.size()));
  }
}

SftTask::Examples SftTask::Select(std::span<const uint32_t> positions) const {
  Examples out;
  for (uint32_t position : positions) out.push_back(&train_[position]);
  return out;
}

// The notebook's padding counts: its labels hold the pad id, and no mask hides padded prompts.
size_t SftTask::CountedTokens(const SftExample& example) const {
  return settings_.pad_to_max() ? settings_.max_response_tokens() : example.response.size();
}

double SftTask::Weight(std::span<const uint32_t> examples) const {
  size_t tokens = 0;
  for (uint32_t position : examples) tokens += CountedTokens(train_[position]);
  return static_cast<double>(tokens);
}

at::Tensor SftTask::MeanLoss(std::span<const uint32_t> examples) {
  return Loss(Select(examples), settings_.label_smoothing());
}

at::Tensor SftTask::Loss(const Examples& examples, double label_smoothing) const {
  std::vector<const std::vector<int32_t>*> prompts, responses;
  for (const SftExample* example : examples) {
    prompts.push_back(&example->prompt);
    responses.push_back(&example->response);
  }
  const bool to_max = settings_.pad_to_max();
  const int64_t pad = model_.config().pad_token_id;
  const TokenBatch prompt =
      MakeTokenBatch(prompts, pad, to_max ? settings_.max_prompt_tokens() : 0);
  const TokenBatch labels = MakeTokenBatch(responses, to_max ? pad : kIgnoreIndex,
                                           to_max ? settings_.max_response_tokens() : 0);
  const at::Tensor mask = to_max ? at::Tensor() : prompt.mask;
  const at::Tensor states = model_.Encode(prompt.ids, mask);
  const at::Tensor hidden = model_.Decode(model_.ShiftRight(labels.ids), {}, states, mask);
  // Logits of counted positions only: the head is the largest matrix.
  const at::Tensor flat = labels.ids.reshape({-1});
  const at::Tensor counted = flat.ne(kIgnoreIndex).nonzero().reshape({-1});
  const at::Tensor rows = hidden.reshape({-1, hidden.size(-1)}).index_select(0, counted);
  return CrossEntropy(model_.Logits(rows), flat.index_select(0, counted), label_smoothing);
}

std::optional<Validation> SftTask::Validate() {
  if (held_out_.empty()) return std::nullopt;
  at::NoGradGuard no_grad;
  double sum = 0, tokens = 0;
  for (size_t begin = 0; begin < held_out_.size(); begin += settings_.batch_size()) {
    const size_t end = std::min<size_t>(begin + settings_.batch_size(), held_out_.size());
    Examples batch;
    double weight = 0;
    for (size_t i = begin; i < end; ++i) {
      batch.push_back(&held_out_[i]);
      weight += static_cast<double>(CountedTokens(held_out_[i]));
    }
    sum += weight * Loss(batch, 0.0).item<double>();
    tokens += weight;
  }
  return Validation{sum / tokens, std::nullopt};
}

}  // namespace tact
