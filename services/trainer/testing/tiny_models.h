// Models small enough that a test trains them in milliseconds.
#ifndef TACT_SERVICES_TRAINER_TESTING_TINY_MODELS_H_
#define TACT_SERVICES_TRAINER_TESTING_TINY_MODELS_H_

#include "common/base/random.h"
#include "common/model/config.h"
#include "services/trainer/sft/examples.h"

namespace tact {

inline T5Config TinyT5Config() {
  T5Config config;
  config.vocab_size = 40;
  config.d_model = 16;
  config.d_kv = 8;
  config.d_ff = 24;
  config.num_layers = 1;
  config.num_decoder_layers = 1;
  config.num_heads = 2;
  config.dropout_rate = 0.1;
  config.activation = Activation::kGeluNew;
  config.gated = true;
  config.tie_word_embeddings = false;
  return config;
}

// Responses that copy the first tokens of their prompt.
inline std::vector<SftExample> CopyExamples(size_t count, uint64_t seed) {
  std::vector<SftExample> out;
  CounterRng rng(seed);
  for (size_t i = 0; i < count; ++i) {
    SftExample example;
    const size_t length = 3 + rng.Below(6);
    for (size_t t = 0; t < length; ++t) {
      example.prompt.push_back(static_cast<int32_t>(2 + rng.Below(38)));
    }
    example.response.assign(example.prompt.begin(), example.prompt.begin() + 2);
    example.prompt.push_back(1);
    example.response.push_back(1);
    out.push_back(std::move(example));
  }
  return out;
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TESTING_TINY_MODELS_H_
