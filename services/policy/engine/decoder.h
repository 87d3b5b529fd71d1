// One decoder pass over any rows: a row is one position of one running sequence. A generating
// sequence contributes its newest token, a sequence whose response is given (teacher forcing) as
// many positions as fit; both may stand in the same pass.
#ifndef TACT_SERVICES_POLICY_ENGINE_DECODER_H_
#define TACT_SERVICES_POLICY_ENGINE_DECODER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/policy/engine/kv_slots.h"
#include "services/policy/engine/projections.h"

namespace tact {

struct DecodeRow {
  int32_t token;     // the decoder's input at this position
  int64_t position;  // from 0; earlier positions are in the slot or in earlier rows of this pass
  int64_t slot;
  const CrossCache* cross;
  const Adapter* adapter;  // null for the base
};

// Logits [rows, vocab] of rows first, first + 1, ...; may be overwritten.
using LogitsSink = absl::FunctionRef<void(int64_t first, int64_t rows, float* logits)>;

class Decoder {
 public:
  // Rows with the same adapter should stand together. `sink` gets all rows in order, in blocks.
  void Run(const Snapshot& snapshot, std::span<const DecodeRow> rows, KvSlots& slots,
           LogitsSink sink);

 private:
  void StoreKeyValues(const Snapshot& snapshot, std::span<const DecodeRow> rows, int64_t layer,
                      KvSlots& slots);
  void SelfAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows, int64_t layer,
                     KvSlots& slots);
  void CrossAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows, int64_t layer,
                      const LoraContext& context);
  void Head(const Snapshot& snapshot, int64_t rows, const LoraContext& context, LogitsSink sink);

  StackBuffers buffers_;
  std::vector<int32_t> ids_;
  std::vector<float> logits_;  // [block, vocab]
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_DECODER_H_
