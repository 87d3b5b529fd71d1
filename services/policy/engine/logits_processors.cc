#include "services/policy/engine/logits_processors.h"

#include <algorithm>
#include <limits>

namespace tact {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

using Ids = std::span<const int32_t>;

void PenalizeRepetition(float penalty, Ids ids, std::span<float> scores) {
  for (auto at = ids.begin(); at != ids.end(); ++at) {
    const int32_t id = *at;
    if (std::find(ids.begin(), at, id) != at) continue;  // once for each, however often it occurred
    scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
  }
}

// Bans what followed the newest n - 1 ids wherever they stood before.
void BanRepeatedNgrams(int64_t n, Ids ids, std::span<float> scores) {
  const auto length = static_cast<int64_t>(ids.size());
  if (length + 1 < n) return;
  const Ids newest = ids.last(n - 1);
  for (int64_t i = 0; i + n <= length; ++i) {
    if (std::ranges::equal(ids.subspan(i, n - 1), newest)) scores[ids[i + n - 1]] = kMinusInfinity;
  }
}

void BanBadWords(const std::vector<std::vector<int32_t>>& words, Ids ids, std::span<float> scores) {
  for (const std::vector<int32_t>& word : words) {
    const Ids begin(word.data(), word.size() - 1);
    if (begin.size() > ids.size()) continue;
    if (std::ranges::equal(ids.last(begin.size()), begin)) scores[word.back()] = kMinusInfinity;
  }
}

void Force(int32_t id, std::span<float> scores) {
  std::ranges::fill(scores, kMinusInfinity);
  scores[id] = 0;
}

}  // namespace

bool ProcessorOptions::none() const {
  return repetition_penalty == 1.0f && no_repeat_ngram_size == 0 && bad_words.empty() &&
         min_length == 0 && min_new_tokens == 0 && !forced_bos && !forced_eos;
}

void ProcessLogits(const ProcessorOptions& options, std::span<const int32_t> ids, int32_t eos_id,
                   int64_t max_new_tokens, std::span<float> scores) {
  const auto length = static_cast<int64_t>(ids.size());
  if (options.repetition_penalty != 1.0f) {
    PenalizeRepetition(options.repetition_penalty, ids, scores);
  }
  if (options.no_repeat_ngram_size > 0) {
    BanRepeatedNgrams(options.no_repeat_ngram_size, ids, scores);
  }
  BanBadWords(options.bad_words, ids, scores);
  if (length < options.min_length || length - 1 < options.min_new_tokens) {
    scores[eos_id] = kMinusInfinity;
  }
  if (options.forced_bos && length == 1) Force(*options.forced_bos, scores);
  if (options.forced_eos && length == max_new_tokens) Force(*options.forced_eos, scores);
}

}  // namespace tact
