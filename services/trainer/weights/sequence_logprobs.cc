#include "services/trainer/weights/sequence_logprobs.h"

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include "common/model/losses.h"
#include "services/trainer/supervised/token_batch.h"

namespace tact {

at::Tensor DecoderInputs(const T5Model& model, const at::Tensor& labels,
                         std::span<const TokenSequence* const> rows) {
  const at::Tensor ids = model.ShiftRight(labels).contiguous();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i]->decoder_start) continue;
    ids.data_ptr<int64_t>()[static_cast<int64_t>(i) * ids.size(1)] = *rows[i]->decoder_start;
  }
  return ids;
}

std::vector<double> SequenceLogprobs(const T5Model& model, const TokenSequence& sequence) {
  at::NoGradGuard no_grad;
  const std::vector<int32_t>* prompt = &sequence.prompt;
  const std::vector<int32_t>* response = &sequence.response;
  const TokenBatch in = MakeTokenBatch({&prompt, 1}, model.config().pad_token_id);
  const TokenBatch labels = MakeTokenBatch({&response, 1}, kIgnoreIndex);
  const TokenSequence* const row = &sequence;
  const T5Output out = model.Forward(in.ids, in.mask, DecoderInputs(model, labels.ids, {&row, 1}));
  const at::Tensor logprobs = TokenLogprobs(out.logits, labels.ids).contiguous();
  const float* data = logprobs.data_ptr<float>();
  return {data, data + logprobs.numel()};
}

}  // namespace tact
