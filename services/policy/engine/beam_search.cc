#include "services/policy/engine/beam_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace tact {

std::vector<BeamCandidate> BestCandidates(std::span<const float> logprobs, float sum,
                                          int32_t parent, int64_t num_beams) {
  const size_t count = std::min(logprobs.size(), static_cast<size_t>(2 * num_beams));
  const auto better = [](const BeamCandidate& a, const BeamCandidate& b) {
    return a.score != b.score ? a.score > b.score : a.token < b.token;
  };
  std::vector<BeamCandidate> best;  // a heap, the worst of them on top
  for (size_t id = 0; id < logprobs.size(); ++id) {
    const BeamCandidate candidate = {logprobs[id] + sum, parent, static_cast<int32_t>(id)};
    if (best.size() == count) {
      if (!better(candidate, best.front())) continue;
      std::ranges::pop_heap(best, better);
      best.pop_back();
    }
    best.push_back(candidate);
    std::ranges::push_heap(best, better);
  }
  std::ranges::sort_heap(best, better);
  return best;
}

BeamSearch::BeamSearch(const BeamOptions& options, int32_t start_id, int32_t eos_id,
                       int64_t max_new_tokens)
    : options_(options), eos_id_(eos_id), max_length_(max_new_tokens + 1) {
  for (int64_t i = 0; i < options.num_beams; ++i) {
    beams_.push_back({{start_id}, {}, i == 0 ? 0.0f : -1e9f});
  }
}

void BeamSearch::Finish(const Beam& beam, float sum, bool ended, float end_logprob) {
  const double penalty =
      std::pow(static_cast<double>(beam.ids.size()), double{options_.length_penalty});
  const double score = double{sum} / penalty;
  const auto full = static_cast<int64_t>(finished_.size()) >= options_.num_beams;
  if (full && score <= worst_) return;
  Hypothesis hypothesis = {{beam.ids.begin() + 1, beam.ids.end()}, beam.logprobs, score, ended};
  if (ended) {
    hypothesis.ids.push_back(eos_id_);
    hypothesis.logprobs.push_back(end_logprob);
  }
  finished_.push_back(std::move(hypothesis));
  if (full) finished_.erase(std::ranges::min_element(finished_, {}, &Hypothesis::score));
  worst_ = std::ranges::min_element(finished_, {}, &Hypothesis::score)->score;
}

bool BeamSearch::NothingBetter(float best_sum, int64_t length) const {
  if (static_cast<int64_t>(finished_.size()) < options_.num_beams) return false;
  if (options_.early_stopping == EarlyStopping::kFirst) return true;
  const bool longest =
      options_.early_stopping == EarlyStopping::kNever && options_.length_penalty > 0;
  const auto at = static_cast<double>(longest ? max_length_ : length);
  return worst_ >= double{best_sum} / std::pow(at, double{options_.length_penalty});
}

std::vector<int32_t> BeamSearch::Advance(std::vector<BeamCandidate> candidates) {
  std::ranges::sort(candidates, [](const BeamCandidate& a, const BeamCandidate& b) {
    return a.score != b.score ? a.score > b.score
                              : std::pair(a.parent, a.token) < std::pair(b.parent, b.token);
  });
  const size_t considered = std::min(candidates.size(), 2 * beams_.size());
  std::vector<Beam> next;
  std::vector<int32_t> parents;
  for (size_t rank = 0; rank < considered && parents.size() < beams_.size(); ++rank) {
    const BeamCandidate& candidate = candidates[rank];
    const Beam& parent = beams_[candidate.parent];
    if (candidate.token == eos_id_) {
      if (rank < beams_.size()) Finish(parent, candidate.score, true, candidate.model_logprob);
      continue;
    }
    Beam beam = parent;
    beam.ids.push_back(candidate.token);
    beam.logprobs.push_back(candidate.model_logprob);
    beam.score = candidate.score;
    next.push_back(std::move(beam));
    parents.push_back(candidate.parent);
  }
  const float best = candidates.front().score;
  beams_ = std::move(next);
  done_ = NothingBetter(best, length());
  if (!done_ && length() >= max_length_) {
    for (const Beam& beam : beams_) Finish(beam, beam.score, false, 0);
    done_ = true;
  }
  return parents;
}

std::vector<Hypothesis> BeamSearch::Best(int64_t count) const {
  std::vector<Hypothesis> best = finished_;
  // Of equal scores the one that ended last, as the reference's pop() does.
  std::ranges::reverse(best);
  std::ranges::stable_sort(best, std::greater<>(), &Hypothesis::score);
  best.resize(std::min(best.size(), static_cast<size_t>(count)));
  return best;
}

}  // namespace tact
