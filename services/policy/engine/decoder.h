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
  int64_t position;  // from 0; earlier ones are stored or in earlier rows of this pass
  int64_t slot;      // where its key and value are stored
  // KvSlots::Offset of positions 0 to `position`, its own included; null: all are in `slot`.
  const int64_t* path;
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
  // Rows [first, end) of one prompt: samples, beams or positions that read the same cross keys.
  struct RowGroup {
    int64_t first, end;
  };

  void FindGroups(std::span<const DecodeRow> rows);
  void ReserveScores(std::span<const DecodeRow> rows);
  float* ThreadScores();
  void StoreKeyValues(const T5Config& config, std::span<const DecodeRow> rows, int64_t layer,
                      KvSlots& slots);
  void SelfAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows, int64_t layer,
                     KvSlots& slots);
  void CrossAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows, int64_t layer,
                      const LoraContext& context);
  void Head(const Snapshot& snapshot, int64_t rows, const LoraContext& context, LogitsSink sink);

  StackBuffers buffers_;
  std::vector<int32_t> ids_;
  std::vector<RowGroup> groups_;
  int64_t most_keys_ = 0;
  std::vector<float> scores_;  // [compute threads, most_keys_]
  std::vector<float> logits_;  // [block, vocab]
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_DECODER_H_
