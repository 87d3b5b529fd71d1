// Ragged encoder: the tokens of several prompts stand one after another without padding, attention
// is computed per prompt, and what comes out are the keys and values of cross-attention, which is
// all that decoding needs of a prompt.
#ifndef TACT_SERVICES_POLICY_ENGINE_ENCODER_H_
#define TACT_SERVICES_POLICY_ENGINE_ENCODER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "services/policy/engine/kv_slots.h"
#include "services/policy/engine/projections.h"

namespace tact {

struct EncodeItem {
  std::span<const int32_t> ids;
  const Adapter* adapter;   // null for the base
  const CrossCache* cross;  // filled; has ids.size() tokens
};

class Encoder {
 public:
  // Items with the same adapter should stand together.
  void Run(const Snapshot& snapshot, std::span<const EncodeItem> items);

 private:
  // Up to kBlock queries of one head of one prompt: the unit of parallel work.
  struct AttentionBlock {
    int64_t first;   // row of the prompt's first token
    int64_t tokens;  // of the prompt
    int64_t head;
    int64_t query, queries;
    const PositionBias* bias;
  };

  void RunTogether(const Snapshot& snapshot, std::span<const EncodeItem> items);
  void Begin(const Snapshot& snapshot, std::span<const EncodeItem> items);
  void Attend(const Snapshot& snapshot, const AttentionBlock& block);
  void FillCross(const Snapshot& snapshot, std::span<const EncodeItem> items,
                 const LoraContext& context);

  StackBuffers buffers_;
  std::vector<int32_t> ids_;
  std::vector<int64_t> first_;  // of each item, the row of its first token
  std::vector<AttentionBlock> blocks_;
  int64_t rows_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_ENCODER_H_
