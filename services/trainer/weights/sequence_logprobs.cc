#include "services/trainer/weights/sequence_logprobs.h"

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include "common/model/losses.h"
#include "services/trainer/supervised/token_batch.h"

namespace tact {

std::vector<double> SequenceLogprobs(const T5Model& model, const TokenSequence& sequence) {
  at::NoGradGuard no_grad;
  const std::vector<int32_t>* prompt = &sequence.prompt;
  const std::vector<int32_t>* response = &sequence.response;
  const TokenBatch in = MakeTokenBatch({&prompt, 1}, model.config().pad_token_id);
  const TokenBatch labels = MakeTokenBatch({&response, 1}, kIgnoreIndex);
  const T5Output out = model.Forward(in.ids, in.mask, model.ShiftRight(labels.ids));
  const at::Tensor logprobs = TokenLogprobs(out.logits, labels.ids).contiguous();
  const float* data = logprobs.data_ptr<float>();
  return {data, data + logprobs.numel()};
}

}  // namespace tact
