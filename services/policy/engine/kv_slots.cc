#include "services/policy/engine/kv_slots.h"

#include <algorithm>

namespace tact {

KvSlots::KvSlots(int64_t slots, const KvShape& shape)
    : shape_(shape),
      arena_(new float[static_cast<size_t>(slots * 2 * shape.layers * shape.positions *
                                           shape.inner)]) {
  for (int64_t slot = slots - 1; slot >= 0; --slot) free_.push_back(slot);
}

std::optional<int64_t> KvSlots::Acquire() {
  if (free_.empty()) return std::nullopt;
  const int64_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void KvSlots::Copy(int64_t from, int64_t to, int64_t positions) {
  for (int64_t half = 0; half < 2 * shape_.layers; ++half) {
    std::copy_n(At(from, half), positions * shape_.inner, At(to, half));
  }
}

}  // namespace tact
