#include "services/policy/engine/kv_slots.h"

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

}  // namespace tact
