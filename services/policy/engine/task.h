// What callers hand to the engine and what they get back.
#ifndef TACT_SERVICES_POLICY_ENGINE_TASK_H_
#define TACT_SERVICES_POLICY_ENGINE_TASK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/policy/engine/adapter.h"
#include "services/policy/engine/sampling.h"
#include "services/policy/engine/snapshot.h"

namespace tact {

// The weights that a request began with and ends on.
struct ServedWeights {
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Adapter> adapter;  // null for full weights
};

// One prompt with its samples, or with a given response to be scored.
struct PromptTask {
  size_t index = 0;  // the caller's own, echoed in results
  ServedWeights weights = {};
  std::vector<int32_t> prompt_ids = {};  // end token included, not empty
  uint64_t prompt_key = 0;               // keys the draws, with the seed and the sample
  SamplingOptions sampling = {};
  // Teacher forcing: the response whose logprobs are wanted; empty generates.
  std::vector<int32_t> forced = {};
  // Asked after each new token that is not the end token, on the engine's thread: true ends the
  // response. Not asked in beam search.
  std::function<bool(std::span<const int32_t> ids)> stop = nullptr;
  // Told of each new token, the end token included, on the engine's thread; must be quick. Not told
  // in beam search, nor of a given response.
  std::function<void(uint32_t sample, const Choice& token)> on_token = nullptr;
};

enum class EndReason { kEos, kLength, kStop };

struct SequenceResult {
  size_t index = 0;
  uint32_t sample = 0;
  absl::Status status = {};       // not OK: what follows is empty
  std::vector<int32_t> ids = {};  // new tokens, the end token included if it was produced
  std::vector<float> behaviour_logprobs = {};  // as drawn, see Choice; the model's where forced
  std::vector<float> model_logprobs = {};      // the model's own
  std::vector<std::vector<TokenLogprob>> top_logprobs = {};  // where asked for, one for each id
  double score = 0;  // of beam search: sum of processed logprobs / length^length_penalty
  EndReason reason = EndReason::kLength;
};

// One caller: all its tasks end when it cancels or its deadline passes. Thread-safe.
class Call {
 public:
  // `on_result` runs on the engine's thread, once for each sequence (or once for a prompt that
  // never began); it must be quick and must not call the engine.
  Call(absl::Time deadline, std::function<void(SequenceResult)> on_result)
      : deadline_(deadline), on_result_(std::move(on_result)) {}

  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  // OK, CANCELLED or DEADLINE_EXCEEDED.
  absl::Status CheckWanted(absl::Time now) const {
    if (cancelled_.load(std::memory_order_relaxed)) {
      return absl::CancelledError("the caller cancelled the request");
    }
    if (now >= deadline_) {
      return absl::DeadlineExceededError(
          "the deadline passed before the response was finished; allow more time or ask for fewer "
          "tokens");
    }
    return absl::OkStatus();
  }
  void Deliver(SequenceResult result) const { on_result_(std::move(result)); }

 private:
  const absl::Time deadline_;
  const std::function<void(SequenceResult)> on_result_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_TASK_H_
