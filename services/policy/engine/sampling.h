// Chooses the next token from the logits of one row, in the order of transformers 4.27.2's
// generate(): processors, then (only when sampling) warpers and softmax. A draw is a pure function
// of (seed, prompt, sample, position), so it does not depend on what else runs.
#ifndef TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_
#define TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "services/policy/engine/beam_search.h"
#include "services/policy/engine/logits_processors.h"
#include "services/policy/engine/logits_warpers.h"

namespace tact {

struct SamplingOptions {
  int64_t max_new_tokens = 64;  // the end token included
  bool do_sample = false;
  int64_t num_samples = 1;  // with beams: the best hypotheses that are wanted
  uint64_t seed = 0;
  ProcessorOptions processors = {};
  WarperOptions warpers = {};  // only with do_sample
  BeamOptions beams = {};      // only without
  int64_t top_logprobs = 0;    // alternatives to report for each token
};

// The key of all draws of one response; its counter is the position of the new token.
uint64_t SampleKey(uint64_t seed, uint64_t prompt_key, uint64_t sample);

struct TokenLogprob {
  int32_t id = 0;
  float logprob = 0;  // natural log of the model's own probability
};

struct Choice {
  int32_t id = 0;
  // Natural log of the probability with which it was chosen. Greedy: of the distribution after the
  // processors, as if it had been drawn from there.
  float behaviour_logprob = 0;
  // Natural log of the model's own probability, before every processor.
  float model_logprob = 0;
  // The most likely tokens of the model's own distribution, best first.
  std::vector<TokenLogprob> top = {};
};

// One for each thread.
struct SamplingScratch {
  // What rows of this vocabulary need, so that none of them allocates.
  void Reserve(int64_t vocab);

  std::vector<float> scores;   // [vocab]
  std::vector<double> sums;    // of blocks, see SumExpBlocks
  std::vector<float> bounds;   // see TopBound
  std::vector<int32_t> order;  // [vocab]
  WarperScratch warpers = {};
};

// Where a row stands.
struct RowContext {
  std::span<const int32_t> ids;  // the decoder's input so far, start token first
  int32_t eos_id = 1;
  uint64_t key = 0;  // SampleKey
};

// `logits` [vocab]. INTERNAL if one is not finite.
absl::StatusOr<Choice> ChooseToken(std::span<const float> logits, const SamplingOptions& options,
                                   const RowContext& row, SamplingScratch& scratch);

// The 2 * num_beams best ways on of beam `parent`, whose score is `sum`, best first; of equal
// scores the smaller id. Overwrites `ways_on`; it is empty after an error, INTERNAL if a logit is
// not finite.
absl::Status ChooseBeams(std::span<const float> logits, const SamplingOptions& options,
                         const RowContext& row, int32_t parent, float sum, SamplingScratch& scratch,
                         std::vector<BeamCandidate>& ways_on);

// Natural log of the model's probability of `id`. INTERNAL if a logit is not finite.
absl::StatusOr<float> ModelLogprob(std::span<const float> logits, int32_t id,
                                   SamplingScratch& scratch);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_SAMPLING_H_
