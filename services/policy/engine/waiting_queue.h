// Prompts that wait for a place in the batch: bounded, and fair between callers (each gives one
// prompt in turn), so that a small request does not wait behind a large one. Not thread-safe.
#ifndef TACT_SERVICES_POLICY_ENGINE_WAITING_QUEUE_H_
#define TACT_SERVICES_POLICY_ENGINE_WAITING_QUEUE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/policy/engine/task.h"

namespace tact {

struct WaitingPrompt {
  std::shared_ptr<Call> call;
  PromptTask task;
  absl::Time since;
};

class WaitingQueue {
 public:
  explicit WaitingQueue(size_t max_prompts) : max_prompts_(max_prompts) {}

  // All of a caller's prompts or none: RESOURCE_EXHAUSTED when they do not fit.
  absl::Status Push(std::shared_ptr<Call> call, std::vector<PromptTask> tasks, absl::Time now);

  // The next caller's next prompt, unless it has more than `max_tokens` tokens: then it keeps its
  // turn.
  std::optional<WaitingPrompt> Pop(int64_t max_tokens);

  // Takes out the prompts of callers that no longer want them.
  std::vector<WaitingPrompt> RemoveUnwanted(absl::Time now);
  std::vector<WaitingPrompt> RemoveAll();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Caller {
    std::shared_ptr<Call> call;
    absl::Time since;
    std::deque<PromptTask> tasks;  // not empty
  };
  void TakeAll(Caller& caller, std::vector<WaitingPrompt>& out);

  const size_t max_prompts_;
  size_t size_ = 0;
  std::deque<Caller> callers_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_WAITING_QUEUE_H_
