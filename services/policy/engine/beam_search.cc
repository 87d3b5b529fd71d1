#include "services/policy/engine/beam_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace tact {

BeamSearch::BeamSearch(const BeamOptions& options, int32_t start_id, int32_t eos_id,
                       int64_t max_new_tokens)
    : options_(options), eos_id_(eos_id), max_length_(max_new_tokens + 1) {
  for (int64_t i = 0; i < options.num_beams; ++i) {
    beams_.push_back(NewBeam());
    next_.push_back(NewBeam());
    beams_.back().ids.push_back(start_id);
    beams_.back().score = i == 0 ? 0.0f : -1e9f;
  }
  candidates_.reserve(static_cast<size_t>(2 * options.num_beams * options.num_beams));
  parents_.reserve(beams_.size());
}

BeamSearch::Beam BeamSearch::NewBeam() const {
  Beam beam;
  beam.ids.reserve(static_cast<size_t>(max_length_));
  beam.logprobs.reserve(static_cast<size_t>(max_length_));
  beam.ways_on.reserve(static_cast<size_t>(2 * options_.num_beams));
  return beam;
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

// Of all beams, best first.
void BeamSearch::CollectCandidates() {
  candidates_.clear();
  for (const Beam& beam : beams_) {
    candidates_.insert(candidates_.end(), beam.ways_on.begin(), beam.ways_on.end());
  }
  std::ranges::sort(candidates_, [](const BeamCandidate& a, const BeamCandidate& b) {
    return a.score != b.score ? a.score > b.score
                              : std::pair(a.parent, a.token) < std::pair(b.parent, b.token);
  });
}

std::span<const int32_t> BeamSearch::Advance() {
  CollectCandidates();
  const size_t considered = std::min(candidates_.size(), 2 * beams_.size());
  parents_.clear();
  for (size_t rank = 0; rank < considered && parents_.size() < beams_.size(); ++rank) {
    const BeamCandidate& candidate = candidates_[rank];
    const Beam& parent = beams_[candidate.parent];
    if (candidate.token == eos_id_) {
      if (rank < beams_.size()) Finish(parent, candidate.score, true, candidate.model_logprob);
      continue;
    }
    Beam& beam = next_[parents_.size()];
    beam.ids = parent.ids;
    beam.logprobs = parent.logprobs;
    beam.ids.push_back(candidate.token);
    beam.logprobs.push_back(candidate.model_logprob);
    beam.score = candidate.score;
    parents_.push_back(candidate.parent);
  }
  beams_.swap(next_);
  beams_.resize(parents_.size());
  done_ = NothingBetter(candidates_.front().score, length());
  if (!done_ && length() >= max_length_) {
    for (const Beam& beam : beams_) Finish(beam, beam.score, false, 0);
    done_ = true;
  }
  return parents_;
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
