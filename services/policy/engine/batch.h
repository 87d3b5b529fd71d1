// Continuous batching: the sequences that run now. Each step encodes newly admitted prompts, then
// runs one decoder pass for every weight set in use; sequences join before a step and leave after
// it. Single-threaded (its kernels are not); knows no clock, queue or network.
#ifndef TACT_SERVICES_POLICY_ENGINE_BATCH_H_
#define TACT_SERVICES_POLICY_ENGINE_BATCH_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/policy/engine/decoder.h"
#include "services/policy/engine/encoder.h"
#include "services/policy/engine/kv_slots.h"
#include "services/policy/engine/sequence.h"
#include "services/policy/engine/waiting_queue.h"

namespace tact {

struct BatchLimits {
  int64_t max_running = 64;          // sequences at once
  int64_t max_batch_tokens = 16384;  // prompt tokens held by running sequences
  int64_t max_step_rows = 256;       // decoder positions in one pass; bounds forced responses
  // Prompt tokens encoded before one step, if above one prompt: where nothing runs yet, and where
  // running sequences wait for them.
  int64_t max_encode_tokens = 2048;
  int64_t max_joining_tokens = 512;
};

// What one step did, for metrics.
struct StepReport {
  int64_t sequences = 0;
  int64_t rows = 0;
  int64_t generated = 0;                      // new tokens
  int64_t continued = 0;                      // those that are not the first of their sequence
  std::vector<absl::Time> first_tokens = {};  // when their prompts were submitted
};

class Batch {
 public:
  Batch(const BatchLimits& limits, const KvShape& shape);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Tokens that the next prompt may have; 0 while there is no place for one.
  int64_t Room() const;
  void Admit(WaitingPrompt prompt);
  // Ends the sequences of callers that no longer want them; their slots are free at once.
  void DropUnwanted(absl::Time now);
  // Ends everything with `status`.
  void DropAll(const absl::Status& status);
  StepReport Step();

  int64_t running() const { return static_cast<int64_t>(running_.size()); }
  int64_t held_tokens() const { return held_tokens_; }  // of prompts, see BatchLimits
  bool empty() const { return running_.empty() && admitted_.empty(); }

 private:
  struct Row;

  void Encode();
  void StartSequences();
  void StartSequence(const std::shared_ptr<RunningPrompt>& prompt);
  int64_t Extra(int64_t rows_left, const Sequence& sequence) const;
  void AddRows(Sequence& sequence, int64_t count);
  void Decode(size_t begin, size_t end);  // rows of one snapshot
  void DecodeAll();
  static void Take(Row& row, std::span<float> logits, SamplingScratch& scratch);
  void TakeChoices(StepReport& report);
  void AdvanceSearches();
  void AdvanceSearch(std::span<Row> rows);
  void RemoveDone();
  void DropIf(absl::FunctionRef<absl::Status(const Call&)> reason);

  const BatchLimits limits_;
  KvSlots slots_;
  Encoder encoder_;
  Decoder decoder_;
  int64_t held_tokens_ = 0;   // prompt tokens whose cross keys and values are held
  int64_t fresh_tokens_ = 0;  // of prompts admitted since the last step
  std::deque<std::shared_ptr<RunningPrompt>> admitted_;  // with sequences that have not begun
  std::vector<std::unique_ptr<Sequence>> running_;       // ordered by weights
  std::vector<Row> rows_;
  std::vector<DecodeRow> decode_rows_;
  std::vector<SamplingScratch> scratch_;  // by compute thread
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_BATCH_H_
