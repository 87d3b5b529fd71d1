// Chooses the next token from the logits of one row, in the order of transformers 4.27.2's
// generate(): minimum length, then (only when sampling) temperature, top_k, top_p, softmax. A draw
// is a pure function of (seed, prompt, sample, position), so it does not depend on what else runs.
#ifndef TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_
#define TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

struct SamplingOptions {
  int64_t max_new_tokens = 64;  // the end token included
  int64_t min_new_tokens = 0;   // no end token before so many
  bool do_sample = false;
  float temperature = 1.0f;  // above 0
  int64_t top_k = 0;         // 0 keeps all
  float top_p = 1.0f;        // (0, 1]
  int64_t num_samples = 1;
  uint64_t seed = 0;
};

// The key of all draws of one response; its counter is the position of the new token.
uint64_t SampleKey(uint64_t seed, uint64_t prompt_key, uint64_t sample);

struct Choice {
  int32_t id = 0;
  // Natural log of the probability with which it was chosen. Greedy: of the distribution after the
  // minimum length, as if it had been drawn from there.
  float behaviour_logprob = 0;
  // Natural log of the model's own probability, before every processor.
  float model_logprob = 0;
};

// Buffers that only grow; one for each thread.
struct SamplingScratch {
  std::vector<float> values;  // [vocab]
  std::vector<int32_t> order;
};

// `logits` [vocab] are overwritten in part; `position` counts new tokens from 0. INTERNAL if a
// logit is not finite.
absl::StatusOr<Choice> ChooseToken(std::span<float> logits, const SamplingOptions& options,
                                   int32_t eos_id, int64_t position, uint64_t key,
                                   SamplingScratch& scratch);

// Natural log of the model's probability of `id`. INTERNAL if a logit is not finite.
absl::StatusOr<float> ModelLogprob(std::span<const float> logits, int32_t id);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_
