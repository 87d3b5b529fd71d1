// Log probabilities of one response under a model, as ScoreLogprobs of the policy service has them.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/model/t5_model.h"

namespace tact {

struct TokenSequence {
  std::vector<int32_t> prompt;    // end token included
  std::vector<int32_t> response;  // without the decoder's start token; not empty
  // Of each response token as it was drawn; empty where unknown.
  std::vector<float> behaviour_logprobs = {};
  // What the decoder read first, where that was not its start token.
  std::optional<int32_t> decoder_start = std::nullopt;
};

// labels [rows, time], the responses -> what the decoder reads: their tokens behind its start.
at::Tensor DecoderInputs(const T5Model& model, const at::Tensor& labels,
                         std::span<const TokenSequence* const> rows);

// One for each response token, natural log; without gradients.
std::vector<double> SequenceLogprobs(const T5Model& model, const TokenSequence& sequence);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_
