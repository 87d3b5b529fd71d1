// What generate() forbids or forces before a token is chosen, one row at a time, in the order of
// transformers 4.27.2's _get_logits_processor: repetition penalty, no-repeat n-gram, bad words,
// minimum length, minimum new tokens, forced first token, forced last token.
#ifndef TACT_SERVICES_POLICY_ENGINE_LOGITS_PROCESSORS_H_
#define TACT_SERVICES_POLICY_ENGINE_LOGITS_PROCESSORS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tact {

// The defaults change nothing.
struct ProcessorOptions {
  // Divides positive and multiplies negative scores of ids that occurred (Keskar et al. 2019).
  float repetition_penalty = 1.0f;
  int64_t no_repeat_ngram_size = 0;                  // 0: off
  std::vector<std::vector<int32_t>> bad_words = {};  // id sequences that must not be completed
  int64_t min_length = 0;                            // of ids, the start token counted
  int64_t min_new_tokens = 0;                        // the start token not counted
  std::optional<int32_t> forced_bos = std::nullopt;  // the first new token
  std::optional<int32_t> forced_eos = std::nullopt;  // the last one that max_new_tokens allows

  bool none() const;
};

// `ids` are the decoder's input so far, start token first: repetition, n-grams and bad words look
// at it too, as in the reference. `scores` [vocab] are logits, or log probabilities in beam search.
void ProcessLogits(const ProcessorOptions& options, std::span<const int32_t> ids, int32_t eos_id,
                   int64_t max_new_tokens, std::span<float> scores);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_LOGITS_PROCESSORS_H_
