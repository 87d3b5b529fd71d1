#include "services/policy/engine/sampling.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kernels/ops.h"

namespace tact {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

int64_t Size(std::span<const float> values) { return static_cast<int64_t>(values.size()); }

absl::Status CheckFinite(std::span<const float> logits) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t broken = 0;
  for (const float value : logits)
    broken |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent;
  if (broken == 0) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInternal,
                   {.reason = "NON_FINITE_LOGITS",
                    .field = "logits",
                    .value = "NaN or infinity",
                    .fix = "the weights overflow on this prompt; serve other weights"},
                   "the model computed a value that is not finite");
}

// HF's TopKLogitsWarper: what is below the k-th greatest goes; ties with it stay.
void KeepTopK(std::span<float> scores, int64_t k, SamplingScratch& scratch) {
  if (k <= 0 || k >= Size(scores)) return;
  std::vector<float>& sorted = scratch.values;
  const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(scores.size());
  std::copy(scores.begin(), scores.end(), begin);
  std::nth_element(begin, begin + (k - 1), sorted.end(), std::greater<>());
  const float least = *(begin + (k - 1));
  for (float& score : scores) score = score < least ? kMinusInfinity : score;
}

// HF's TopPLogitsWarper on probabilities: a token stays while the more likely ones together are
// below p. Only as much is sorted as is needed.
void KeepTopP(std::span<float> probabilities, float p, std::vector<int32_t>& order) {
  if (p >= 1.0f) return;
  order.resize(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const auto more_likely = [&](int32_t a, int32_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
  };
  double mass = 0;
  size_t kept = 0, sorted = 0;
  while (kept < order.size() && mass < p) {
    if (kept == sorted) {
      const size_t end = std::min(order.size(), std::max<size_t>(64, sorted * 8));
      std::partial_sort(order.begin() + sorted, order.begin() + end, order.end(), more_likely);
      sorted = end;
    }
    mass += probabilities[order[kept++]];
  }
  for (size_t i = kept; i < order.size(); ++i) probabilities[order[i]] = 0;
}

// The first id whose cumulative probability passes u * total.
int32_t Draw(std::span<const float> probabilities, double total, double u) {
  const double target = u * total;
  double sum = 0;
  int32_t last = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] <= 0) continue;
    last = static_cast<int32_t>(i);
    sum += probabilities[i];
    if (sum > target) break;
  }
  return last;
}

Choice Sample(std::span<const float> logits, const SamplingOptions& options, double u,
              SamplingScratch& scratch) {
  scratch.values.resize(2 * logits.size());
  const std::span<float> work(scratch.values.data(), logits.size());
  const float scale = 1.0f / options.temperature;
  for (size_t i = 0; i < logits.size(); ++i) work[i] = logits[i] * scale;
  KeepTopK(work, options.top_k, scratch);
  Softmax(work.data(), nullptr, Size(work));
  KeepTopP(work, options.top_p, scratch.order);
  const double total = std::accumulate(work.begin(), work.end(), 0.0);
  const int32_t id = Draw(work, total, u);
  return {.id = id, .behaviour_logprob = static_cast<float>(std::log(work[id] / total))};
}

Choice Greedy(std::span<const float> logits, float log_sum) {
  const auto id = static_cast<int32_t>(ArgMax(logits.data(), Size(logits)));
  return {.id = id, .behaviour_logprob = logits[id] - log_sum};
}

}  // namespace

uint64_t SampleKey(uint64_t seed, uint64_t prompt_key, uint64_t sample) {
  return MixKey(MixKey(seed, prompt_key), sample);
}

absl::StatusOr<Choice> ChooseToken(std::span<float> logits, const SamplingOptions& options,
                                   int32_t eos_id, int64_t position, uint64_t key,
                                   SamplingScratch& scratch) {
  RETURN_IF_ERROR(CheckFinite(logits));
  const float model_log_sum = LogSumExp(logits.data(), Size(logits));
  float log_sum = model_log_sum;
  if (position < options.min_new_tokens) {
    logits[eos_id] = kMinusInfinity;
    log_sum = LogSumExp(logits.data(), Size(logits));
  }
  Choice choice = options.do_sample ? Sample(logits, options, UniformAt(key, position), scratch)
                                    : Greedy(logits, log_sum);
  choice.model_logprob = logits[choice.id] - model_log_sum;
  return choice;
}

absl::StatusOr<float> ModelLogprob(std::span<const float> logits, int32_t id) {
  RETURN_IF_ERROR(CheckFinite(logits));
  return logits[id] - LogSumExp(logits.data(), Size(logits));
}

}  // namespace tact
