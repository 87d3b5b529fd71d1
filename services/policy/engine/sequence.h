// What a batch holds: prompts whose cross-attention cache lives, and the sequences that are decoded
// for them. A sequence is one sample of a prompt, one of its beams, or its given response.
#ifndef TACT_SERVICES_POLICY_ENGINE_SEQUENCE_H_
#define TACT_SERVICES_POLICY_ENGINE_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "services/policy/engine/beam_paths.h"
#include "services/policy/engine/beam_search.h"
#include "services/policy/engine/kv_slots.h"
#include "services/policy/engine/waiting_queue.h"

namespace tact {

// Its cross cache lives until its last sequence has ended.
struct RunningPrompt {
  // Adds its tokens to *held as long as it lives.
  RunningPrompt(WaitingPrompt waiting, int64_t* held);
  ~RunningPrompt() { *held_tokens -= tokens(); }
  RunningPrompt(const RunningPrompt&) = delete;
  RunningPrompt& operator=(const RunningPrompt&) = delete;

  int64_t tokens() const { return static_cast<int64_t>(task.prompt_ids.size()); }
  bool forced() const { return !task.forced.empty(); }
  bool searches() const { return search != nullptr; }
  // Sequences that decode it, and how many of them must begin together.
  int64_t sequences() const;
  int64_t sequences_at_once() const { return searches() ? sequences() : 1; }
  const Snapshot* snapshot() const { return task.weights.snapshot.get(); }
  const Adapter* adapter() const { return task.weights.adapter.get(); }
  int32_t start_id() const {
    return static_cast<int32_t>(snapshot()->config.decoder_start_token_id);
  }
  int32_t eos_id() const { return static_cast<int32_t>(snapshot()->config.eos_token_id); }
  // Sequences of one weight set stand together in a batch, those of one adapter within.
  auto order() const { return std::tuple(snapshot(), adapter()); }

  std::shared_ptr<Call> call;
  PromptTask task;
  absl::Time since;
  int64_t* held_tokens;
  CrossCache cross;
  std::unique_ptr<BeamSearch> search;  // null unless beams are asked for
  std::optional<BeamPaths> paths;      // of the search's beams
  bool encoded = false;
  int64_t started = 0;  // sequences that have begun
};

struct Sequence {
  // Takes a place in `slots`; `index` is the sample or the beam.
  Sequence(std::shared_ptr<RunningPrompt> prompt, uint32_t index, int64_t slot);

  const PromptTask& task() const { return prompt->task; }
  // The decoder's input so far, start token first; of a given response all of it.
  std::span<const int32_t> ids() const {
    return prompt->searches() ? prompt->search->ids(index) : std::span<const int32_t>(input);
  }
  void Append(const Choice& choice);
  void Fail(absl::Status status);
  // After a step: done where the end token, a stop, or the last position has been reached.
  void FinishIfComplete();
  // Hands its result to the caller, unless it is a beam beyond the hypotheses that are wanted.
  void Deliver();

  std::shared_ptr<RunningPrompt> prompt;
  uint32_t index;
  int64_t slot;
  uint64_t key;
  int64_t position = 0;        // decoder positions that are done
  int64_t pending = 0;         // rows in the running step
  std::vector<int32_t> input;  // see ids(); empty for beams
  SequenceResult result;
  bool done = false;

 private:
  void Reserve();  // so that no step has to
  void FinishSearch();
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_SEQUENCE_H_
