// Beam search over one prompt, as transformers 4.27.2's BeamSearchScorer does it for a batch of
// one. (For later prompts of a batch the reference counts the length of its early-stopping bound
// too long by their position in the batch; here a prompt does not depend on its neighbours.)
// Pure: takes scores, says which beams go on with which token.
#ifndef TACT_SERVICES_POLICY_ENGINE_BEAM_SEARCH_H_
#define TACT_SERVICES_POLICY_ENGINE_BEAM_SEARCH_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

enum class EarlyStopping {
  kHeuristic,  // HF's False: ends when no open beam can win if it ended now
  kFirst,      // True: ends with the num_beams-th finished hypothesis
  kNever,      // "never": ends when no open beam can win at any length
};

struct BeamOptions {
  int64_t num_beams = 1;        // 1: no beam search
  float length_penalty = 1.0f;  // a hypothesis scores sum of logprobs / length^length_penalty
  EarlyStopping early_stopping = EarlyStopping::kHeuristic;
};

// A way on: beam `parent`'s text and then `token`.
struct BeamCandidate {
  float score = 0;  // sum of processed logprobs, the token's included
  int32_t parent = 0;
  int32_t token = 0;
  float model_logprob = 0;  // the model's own of the token
};

struct Hypothesis {
  std::vector<int32_t> ids;     // new tokens, the end token included if it was produced
  std::vector<float> logprobs;  // the model's own, one for each id
  double score = 0;             // divided by the length penalty
  bool ended = false;           // by the end token
};

class BeamSearch {
 public:
  // max_new_tokens counts the end token.
  BeamSearch(const BeamOptions& options, int32_t start_id, int32_t eos_id, int64_t max_new_tokens);

  int64_t num_beams() const { return options_.num_beams; }
  // At first only beam 0 counts: the others start at -1e9, as in the reference.
  float score(int64_t beam) const { return beams_[beam].score; }
  // Decoder input of a beam so far, start token first.
  std::span<const int32_t> ids(int64_t beam) const { return beams_[beam].ids; }

  // Where the ways on of a beam's row go, in any order; read by Advance. Beams may be written to by
  // different threads.
  std::vector<BeamCandidate>& ways_on(int64_t beam) { return beams_[beam].ways_on; }
  // Returns the parent of each new beam, until the next call.
  std::span<const int32_t> Advance();
  bool done() const { return done_; }

  // The `count` best hypotheses, best first; once done.
  std::vector<Hypothesis> Best(int64_t count) const;

 private:
  struct Beam {
    std::vector<int32_t> ids;
    std::vector<float> logprobs;
    float score = 0;
    std::vector<BeamCandidate> ways_on;
  };
  Beam NewBeam() const;
  void CollectCandidates();
  void Finish(const Beam& beam, float sum, bool ended, float end_logprob);
  bool NothingBetter(float best_sum, int64_t length) const;
  int64_t length() const { return static_cast<int64_t>(beams_[0].ids.size()); }

  const BeamOptions options_;
  const int32_t eos_id_;
  const int64_t max_length_;        // start token counted
  std::vector<Beam> beams_, next_;  // `next_` lends its memory from step to step
  std::vector<BeamCandidate> candidates_;
  std::vector<int32_t> parents_;
  std::vector<Hypothesis> finished_;  // in the order of their ends, at most num_beams
  double worst_ = 1e9;
  bool done_ = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_BEAM_SEARCH_H_
