// Self-attention keys and values of the running sequences: one arena made at start, cut into equal
// slots. Pages of the arena that no sequence has reached yet cost address space only.
#ifndef TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_
#define TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/kernels/attend.h"

namespace tact {

struct KvShape {
  int64_t layers = 0;
  int64_t positions = 0;  // of the longest response
  int64_t heads = 0;
  int64_t d = 0;  // of one head
};

class KvSlots {
 public:
  KvSlots(int64_t slots, const KvShape& shape);

  std::optional<int64_t> Acquire();  // nothing when all are taken
  void Release(int64_t slot) { free_.push_back(slot); }
  int64_t free() const { return static_cast<int64_t>(free_.size()); }

  // Where one position's key of one head lies; its value lies value_offset() floats later.
  float* Key(int64_t slot, int64_t layer, int64_t head, int64_t position) {
    return Block(layer, head) + Offset(slot, position);
  }
  int64_t value_offset() const { return shape_.positions * shape_.d; }

  // The first n positions of one head in one slot.
  KeyValues In(int64_t slot, int64_t layer, int64_t head, int64_t n) {
    const float* k = Key(slot, layer, head, 0);
    return {k, k + value_offset(), shape_.d, n};
  }
  // n positions that lie in any slots: offsets [n] are Offset() of each.
  KeyValues At(const int64_t* offsets, int64_t layer, int64_t head, int64_t n) {
    const float* k = Block(layer, head);
    return {k, k + value_offset(), shape_.d, n, offsets};
  }
  // Names a place in the same way for every layer and head.
  int64_t Offset(int64_t slot, int64_t position) const {
    return slot * shape_.layers * shape_.heads * 2 * value_offset() + position * shape_.d;
  }

 private:
  // Of slot 0: keys [positions, d], then values [positions, d].
  float* Block(int64_t layer, int64_t head) {
    return arena_.get() + (layer * shape_.heads + head) * 2 * value_offset();
  }

  KvShape shape_;
  std::unique_ptr<float[]> arena_;  // [slots, layers, heads, 2, positions, d]
  std::vector<int64_t> free_;       // used as a stack, so that warm slots are used first
};

// Cross-attention keys and values of one prompt, shared by its samples and beams. Floats, or with
// `half`, where d is a multiple of 16, rounded to bfloat16: half as much to hold and to read.
class CrossCache {
 public:
  CrossCache() = default;
  CrossCache(int64_t layers, int64_t tokens, int64_t heads, int64_t d, bool half = false);

  int64_t tokens() const { return tokens_; }
  // out [d] = attention of q [d] over one head of the prompt; `scores` [tokens] is scratch.
  void Attend(int64_t layer, int64_t head, const float* q, float* scores, float* out) const;
  // [tokens, 2 * heads * d]: k | v of one layer, as the projection makes them.
  void Fill(int64_t layer, const float* kv) const;

 private:
  // What one head reads stands in one piece: keys [tokens, d], then values.
  int64_t Place(int64_t layer, int64_t head) const {
    return (layer * heads_ + head) * 2 * tokens_ * d_;
  }

  int64_t tokens_ = 0, heads_ = 0, d_ = 0;
  std::unique_ptr<float[]> floats_;     // [layers, heads, 2, tokens, d], or
  std::unique_ptr<uint16_t[]> halves_;  // the same
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_
