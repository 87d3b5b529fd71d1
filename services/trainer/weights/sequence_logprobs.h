// Log probabilities of one response under a model, as ScoreLogprobs of the policy service has them.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_

#include <cstdint>
#include <vector>

#include "common/model/t5_model.h"

namespace tact {

struct TokenSequence {
  std::vector<int32_t> prompt;    // end token included
  std::vector<int32_t> response;  // without the decoder's start token; not empty
};

// One for each response token, natural log; without gradients.
std::vector<double> SequenceLogprobs(const T5Model& model, const TokenSequence& sequence);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_SEQUENCE_LOGPROBS_H_
