#include "services/policy/engine/sampling.h"

#include <algorithm>
#include <cmath>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kernels/ops.h"
#include "common/kernels/row_scan.h"

namespace tact {
namespace {

int64_t Size(std::span<const float> values) { return static_cast<int64_t>(values.size()); }

absl::Status NotFinite() {
  return MakeError(absl::StatusCode::kInternal,
                   {.reason = "NON_FINITE_LOGITS",
                    .field = "logits",
                    .value = "NaN or infinity",
                    .fix = "the weights overflow on this prompt; serve other weights"},
                   "the model computed a value that is not finite");
}

// What softmax needs to know of a row, for a draw from it too.
struct RowSum {
  float max;
  double total;  // sum of exp(score - max); its blocks are in the scratch until the next row's

  float log_sum() const { return max + static_cast<float>(std::log(total)); }
};

RowSum Sum(std::span<const float> scores, float max, SamplingScratch& scratch) {
  const auto blocks = static_cast<size_t>(ExpBlocks(Size(scores)));
  if (scratch.sums.size() < blocks) scratch.sums.resize(blocks);
  return {max, SumExpBlocks(scores.data(), max, Size(scores), scratch.sums.data())};
}

RowSum Sum(std::span<const float> scores, SamplingScratch& scratch) {
  return Sum(scores, FindMax(scores.data(), Size(scores)).value, scratch);
}

// INTERNAL if a logit is not finite.
absl::StatusOr<RowSum> SumOfLogits(std::span<const float> logits, SamplingScratch& scratch) {
  const RowMax max = FindMax(logits.data(), Size(logits));
  if (!max.finite) return NotFinite();
  return Sum(logits, max.value, scratch);
}

// The first whose cumulative probability passes u. `sum` is the last that the scratch saw.
Choice DrawFromAll(std::span<const float> scores, const RowSum& sum, double u,
                   const SamplingScratch& scratch) {
  const int64_t at =
      FindPassing(scores.data(), sum.max, Size(scores), scratch.sums.data(), u * sum.total);
  return {.id = static_cast<int32_t>(at), .behaviour_logprob = scores[at] - sum.log_sum()};
}

// Overwrites `scores`.
Choice DrawFrom(std::span<float> scores, const WarperOptions& options, double u,
                SamplingScratch& scratch) {
  if (options.keep_all()) {
    ApplyTemperature(options.temperature, scores);
    return DrawFromAll(scores, Sum(scores, scratch), u, scratch);
  }
  const KeptScores kept = WarpLogits(options, scores, scratch.warpers);
  Choice choice = DrawFromAll(kept.scores, Sum(kept.scores, scratch), u, scratch);
  choice.id = kept.ids[choice.id];
  return choice;
}

Choice Greedy(std::span<const float> scores, const RowSum& sum) {
  const auto id = static_cast<int32_t>(ArgMax(scores.data(), Size(scores)));
  return {.id = id, .behaviour_logprob = scores[id] - sum.log_sum()};
}

// The `count` greatest and perhaps some more, in ascending order.
std::span<int32_t> TopIds(std::span<const float> scores, int64_t count, SamplingScratch& scratch) {
  const auto work = static_cast<size_t>(TopBoundWork(Size(scores)));
  if (scratch.bounds.size() < work) scratch.bounds.resize(work);
  if (scratch.order.size() < scores.size()) scratch.order.resize(scores.size());
  const float bound = TopBound(scores.data(), Size(scores), count, scratch.bounds.data());
  const int64_t found = IndicesAtLeast(scores.data(), Size(scores), bound, scratch.order.data());
  return std::span(scratch.order).first(static_cast<size_t>(found));
}

// The `count` greatest, best first; of equal scores the smaller id.
std::span<const int32_t> BestIds(std::span<const float> scores, int64_t count,
                                 SamplingScratch& scratch) {
  count = std::min(count, Size(scores));
  const std::span<int32_t> order = TopIds(scores, count, scratch);
  std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int32_t a, int32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  return order.first(static_cast<size_t>(count));
}

std::vector<TokenLogprob> TopLogprobs(std::span<const float> logits, float log_sum, int64_t count,
                                      SamplingScratch& scratch) {
  std::vector<TokenLogprob> top;
  for (const int32_t id : BestIds(logits, count, scratch)) {
    top.push_back({id, logits[id] - log_sum});
  }
  return top;
}

std::span<float> Process(std::span<const float> scores, const SamplingOptions& options,
                         const RowContext& row, SamplingScratch& scratch) {
  scratch.scores.assign(scores.begin(), scores.end());
  ProcessLogits(options.processors, row.ids, row.eos_id, options.max_new_tokens, scratch.scores);
  return scratch.scores;
}

}  // namespace

void SamplingScratch::Reserve(int64_t vocab) {
  scores.reserve(static_cast<size_t>(vocab));
  sums.reserve(static_cast<size_t>(ExpBlocks(vocab)));
  bounds.reserve(static_cast<size_t>(TopBoundWork(vocab)));
  order.reserve(static_cast<size_t>(vocab));
  warpers.Reserve(vocab);
}

uint64_t SampleKey(uint64_t seed, uint64_t prompt_key, uint64_t sample) {
  return MixKey(MixKey(seed, prompt_key), sample);
}

absl::StatusOr<Choice> ChooseToken(std::span<const float> logits, const SamplingOptions& options,
                                   const RowContext& row, SamplingScratch& scratch) {
  ASSIGN_OR_RETURN(const RowSum model, SumOfLogits(logits, scratch));
  const bool as_they_are = options.processors.none();
  Choice choice;
  if (!options.do_sample) {
    if (as_they_are) {
      choice = Greedy(logits, model);
    } else {
      const std::span<const float> scores = Process(logits, options, row, scratch);
      choice = Greedy(scores, Sum(scores, scratch));
    }
  } else {
    const double u = UniformAt(row.key, row.ids.size() - 1);
    if (as_they_are && options.warpers.change_nothing()) {
      choice = DrawFromAll(logits, model, u, scratch);
    } else {
      choice = DrawFrom(Process(logits, options, row, scratch), options.warpers, u, scratch);
    }
  }
  choice.model_logprob = logits[choice.id] - model.log_sum();
  if (options.top_logprobs > 0) {
    choice.top = TopLogprobs(logits, model.log_sum(), options.top_logprobs, scratch);
  }
  return choice;
}

absl::Status ChooseBeams(std::span<const float> logits, const SamplingOptions& options,
                         const RowContext& row, int32_t parent, float sum, SamplingScratch& scratch,
                         std::vector<BeamCandidate>& ways_on) {
  ways_on.clear();
  ASSIGN_OR_RETURN(const RowSum model, SumOfLogits(logits, scratch));
  const float log_sum = model.log_sum();
  std::vector<float>& scores = scratch.scores;
  scores.resize(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) scores[i] = logits[i] - log_sum;
  ProcessLogits(options.processors, row.ids, row.eos_id, options.max_new_tokens, scores);
  for (float& score : scores) score += sum;  // before they are compared, since it rounds
  for (const int32_t id : BestIds(scores, 2 * options.beams.num_beams, scratch)) {
    ways_on.push_back({scores[id], parent, id, logits[id] - log_sum});
  }
  return absl::OkStatus();
}

absl::StatusOr<float> ModelLogprob(std::span<const float> logits, int32_t id,
                                   SamplingScratch& scratch) {
  ASSIGN_OR_RETURN(const RowSum model, SumOfLogits(logits, scratch));
  return logits[id] - model.log_sum();
}

}  // namespace tact
