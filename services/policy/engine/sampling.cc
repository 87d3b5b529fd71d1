#include "services/policy/engine/sampling.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kernels/ops.h"

namespace tact {
namespace {

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

// Overwrites `scores`.
Choice Sample(std::span<float> scores, const SamplingOptions& options, double u,
              SamplingScratch& scratch) {
  WarpLogits(options.warpers, scores, scratch.warpers);
  Softmax(scores.data(), nullptr, Size(scores));
  const double total = std::accumulate(scores.begin(), scores.end(), 0.0);
  const int32_t id = Draw(scores, total, u);
  return {.id = id, .behaviour_logprob = static_cast<float>(std::log(scores[id] / total))};
}

Choice Greedy(std::span<const float> scores, float log_sum) {
  const auto id = static_cast<int32_t>(ArgMax(scores.data(), Size(scores)));
  return {.id = id, .behaviour_logprob = scores[id] - log_sum};
}

std::vector<TokenLogprob> TopLogprobs(std::span<const float> logits, float log_sum, int64_t count) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min(count, Size(logits));
  std::partial_sort(order.begin(), end, order.end(), [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  std::vector<TokenLogprob> top;
  for (auto id = order.begin(); id != end; ++id) top.push_back({*id, logits[*id] - log_sum});
  return top;
}

std::span<float> Process(std::span<const float> scores, const SamplingOptions& options,
                         const RowContext& row, SamplingScratch& scratch) {
  scratch.scores.assign(scores.begin(), scores.end());
  ProcessLogits(options.processors, row.ids, row.eos_id, options.max_new_tokens, scratch.scores);
  return scratch.scores;
}

}  // namespace

uint64_t SampleKey(uint64_t seed, uint64_t prompt_key, uint64_t sample) {
  return MixKey(MixKey(seed, prompt_key), sample);
}

absl::StatusOr<Choice> ChooseToken(std::span<const float> logits, const SamplingOptions& options,
                                   const RowContext& row, SamplingScratch& scratch) {
  RETURN_IF_ERROR(CheckFinite(logits));
  const float log_sum = LogSumExp(logits.data(), Size(logits));
  Choice choice;
  if (options.do_sample) {
    const double u = UniformAt(row.key, row.ids.size() - 1);
    choice = Sample(Process(logits, options, row, scratch), options, u, scratch);
  } else if (options.processors.none()) {
    choice = Greedy(logits, log_sum);
  } else {
    const std::span<const float> scores = Process(logits, options, row, scratch);
    choice = Greedy(scores, LogSumExp(scores.data(), Size(scores)));
  }
  choice.model_logprob = logits[choice.id] - log_sum;
  if (options.top_logprobs > 0) choice.top = TopLogprobs(logits, log_sum, options.top_logprobs);
  return choice;
}

absl::StatusOr<std::vector<BeamCandidate>> ChooseBeams(std::span<const float> logits,
                                                       const SamplingOptions& options,
                                                       const RowContext& row, int32_t parent,
                                                       float sum, SamplingScratch& scratch) {
  RETURN_IF_ERROR(CheckFinite(logits));
  const float log_sum = LogSumExp(logits.data(), Size(logits));
  scratch.scores.resize(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) scratch.scores[i] = logits[i] - log_sum;
  ProcessLogits(options.processors, row.ids, row.eos_id, options.max_new_tokens, scratch.scores);
  std::vector<BeamCandidate> best =
      BestCandidates(scratch.scores, sum, parent, options.beams.num_beams);
  for (BeamCandidate& way : best) way.model_logprob = logits[way.token] - log_sum;
  return best;
}

absl::StatusOr<float> ModelLogprob(std::span<const float> logits, int32_t id) {
  RETURN_IF_ERROR(CheckFinite(logits));
  return logits[id] - LogSumExp(logits.data(), Size(logits));
}

}  // namespace tact
