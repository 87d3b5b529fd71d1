#include "services/policy/engine/kv_slots.h"

#include <algorithm>

namespace tact {

KvSlots::KvSlots(int64_t slots, const KvShape& shape)
    : shape_(shape),
      arena_(new float[static_cast<size_t>(slots * shape.layers * shape.heads * 2 *
                                           shape.positions * shape.d)]) {
  for (int64_t slot = slots - 1; slot >= 0; --slot) free_.push_back(slot);
}

std::optional<int64_t> KvSlots::Acquire() {
  if (free_.empty()) return std::nullopt;
  const int64_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void CrossCache::Fill(int64_t layer, const float* kv) const {
  for (int64_t head = 0; head < heads_; ++head) {
    for (int64_t half = 0; half < 2; ++half) {
      const float* from = kv + (half * heads_ + head) * d_;
      float* to = Keys(layer, head) + half * tokens_ * d_;
      for (int64_t i = 0; i < tokens_; ++i) {
        std::copy_n(from + i * 2 * heads_ * d_, d_, to + i * d_);
      }
    }
  }
}

}  // namespace tact
