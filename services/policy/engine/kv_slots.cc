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

CrossCache::CrossCache(int64_t layers, int64_t tokens, int64_t heads, int64_t d, bool half)
    : tokens_(tokens), heads_(heads), d_(d) {
  const auto size = static_cast<size_t>(layers * heads * 2 * tokens * d);
  if (half && d % 16 == 0) {
    halves_.reset(new uint16_t[size]);
  } else {
    floats_.reset(new float[size]);
  }
}

void CrossCache::Attend(int64_t layer, int64_t head, const float* q, float* scores,
                        float* out) const {
  const int64_t k = Place(layer, head), v = k + tokens_ * d_;
  if (halves_ != nullptr) {
    const HalfKeyValues kv = {halves_.get() + k, halves_.get() + v, tokens_};
    return AttendOne(q, kv, d_, 1.0f, nullptr, scores, out);
  }
  const KeyValues kv = {floats_.get() + k, floats_.get() + v, d_, tokens_};
  AttendOne(q, kv, d_, 1.0f, nullptr, scores, out);
}

void CrossCache::Fill(int64_t layer, const float* kv) const {
  for (int64_t head = 0; head < heads_; ++head) {
    for (int64_t half = 0; half < 2; ++half) {
      const float* from = kv + (half * heads_ + head) * d_;
      int64_t to = Place(layer, head) + half * tokens_ * d_;
      for (int64_t i = 0; i < tokens_; ++i, to += d_, from += 2 * heads_ * d_) {
        if (halves_ != nullptr) {
          PackHalves(from, halves_.get() + to, d_);
        } else {
          std::copy_n(from, d_, floats_.get() + to);
        }
      }
    }
  }
}

}  // namespace tact
