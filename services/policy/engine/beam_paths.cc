#include "services/policy/engine/beam_paths.h"

#include <algorithm>

namespace tact {

BeamPaths::BeamPaths(int64_t beams, int64_t positions)
    : positions_(positions),
      now_(static_cast<size_t>(beams * positions)),
      next_(static_cast<size_t>(beams * positions)) {}

void BeamPaths::Move(std::span<const int32_t> parents, int64_t length) {
  for (size_t i = 0; i < parents.size(); ++i) {
    std::copy_n(Of(parents[i]), length, next_.begin() + static_cast<int64_t>(i) * positions_);
  }
  std::swap(now_, next_);
}

}  // namespace tact
