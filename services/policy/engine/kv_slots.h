// Self-attention keys and values of the running sequences: one arena made at start, cut into equal
// slots. Pages of the arena that no sequence has reached yet cost address space only.
#ifndef TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_
#define TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tact {

struct KvShape {
  int64_t layers = 0;
  int64_t positions = 0;  // of the longest response
  int64_t inner = 0;      // heads * d_kv
};

class KvSlots {
 public:
  KvSlots(int64_t slots, const KvShape& shape);

  std::optional<int64_t> Acquire();  // nothing when all are taken
  void Release(int64_t slot) { free_.push_back(slot); }
  // The first `positions` keys and values of every layer.
  void Copy(int64_t from, int64_t to, int64_t positions);
  int64_t free() const { return static_cast<int64_t>(free_.size()); }

  float* Keys(int64_t slot, int64_t layer) { return At(slot, 2 * layer); }        // [pos, inner]
  float* Values(int64_t slot, int64_t layer) { return At(slot, 2 * layer + 1); }  // [pos, inner]
  const KvShape& shape() const { return shape_; }

 private:
  float* At(int64_t slot, int64_t half) {
    return arena_.get() + (slot * 2 * shape_.layers + half) * shape_.positions * shape_.inner;
  }

  KvShape shape_;
  std::unique_ptr<float[]> arena_;
  std::vector<int64_t> free_;  // used as a stack, so that warm slots are used first
};

// Cross-attention keys and values of one prompt, shared by its samples.
class CrossCache {
 public:
  CrossCache() = default;
  CrossCache(int64_t layers, int64_t tokens, int64_t inner)
      : tokens_(tokens), stride_(2 * inner), data_(new float[layers * tokens * 2 * inner]) {}

  int64_t tokens() const { return tokens_; }
  // [tokens, 2 * inner]: k | v.
  float* Layer(int64_t layer) const { return data_.get() + layer * tokens_ * stride_; }

 private:
  int64_t tokens_ = 0, stride_ = 0;
  std::unique_ptr<float[]> data_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_KV_SLOTS_H_
