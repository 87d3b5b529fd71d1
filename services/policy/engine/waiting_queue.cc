#include "services/policy/engine/waiting_queue.h"

#include <iterator>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

absl::Status WaitingQueue::Push(std::shared_ptr<Call> call, std::vector<PromptTask> tasks,
                                absl::Time now) {
  if (tasks.empty()) return absl::OkStatus();
  if (size_ + tasks.size() > max_prompts_) {
    return MakeError(absl::StatusCode::kResourceExhausted,
                     {.reason = "QUEUE_FULL",
                      .field = "prompts",
                      .value = StrCat(tasks.size(), " more"),
                      .fix = StrCat("retry later with fewer prompts at once, add replicas, "
                                    "or raise --max-waiting (",
                                    max_prompts_, ")")},
                     StrCat("the queue is full with ", size_, " prompts waiting"));
  }
  size_ += tasks.size();
  callers_.push_back(
      {std::move(call),
       now,
       {std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())}});
  return absl::OkStatus();
}

std::optional<WaitingPrompt> WaitingQueue::Pop(int64_t max_tokens) {
  if (callers_.empty()) return std::nullopt;
  const auto tokens = static_cast<int64_t>(callers_.front().tasks.front().prompt_ids.size());
  if (tokens > max_tokens) return std::nullopt;
  Caller caller = std::move(callers_.front());
  callers_.pop_front();
  WaitingPrompt next = {caller.call, std::move(caller.tasks.front()), caller.since};
  caller.tasks.pop_front();
  --size_;
  if (!caller.tasks.empty()) callers_.push_back(std::move(caller));
  return next;
}

void WaitingQueue::TakeAll(Caller& caller, std::vector<WaitingPrompt>& out) {
  size_ -= caller.tasks.size();
  for (PromptTask& task : caller.tasks) {
    out.push_back({caller.call, std::move(task), caller.since});
  }
}

std::vector<WaitingPrompt> WaitingQueue::RemoveUnwanted(absl::Time now) {
  std::vector<WaitingPrompt> removed;
  std::erase_if(callers_, [&](Caller& caller) {
    if (caller.call->CheckWanted(now).ok()) return false;
    TakeAll(caller, removed);
    return true;
  });
  return removed;
}

std::vector<WaitingPrompt> WaitingQueue::RemoveAll() {
  std::vector<WaitingPrompt> removed;
  for (Caller& caller : callers_) TakeAll(caller, removed);
  callers_.clear();
  return removed;
}

}  // namespace tact
