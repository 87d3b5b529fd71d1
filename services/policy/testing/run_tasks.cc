#include "services/policy/testing/run_tasks.h"

#include <cstdlib>

namespace tact::testing {

Gathering::Gathering(absl::Time deadline) : inbox_(std::make_shared<Inbox>()) {
  call_ = std::make_shared<Call>(deadline, [inbox = inbox_](SequenceResult result) {
    absl::MutexLock lock(&inbox->mutex);
    inbox->results.push_back(std::move(result));
  });
}

Results Gathering::Wait(size_t count) {
  absl::MutexLock lock(&inbox_->mutex);
  const auto complete = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(inbox_->mutex) {
    return inbox_->results.size() >= count;
  };
  inbox_->mutex.Await(absl::Condition(&complete));
  Results results;
  for (SequenceResult& result : inbox_->results) {
    const std::pair key(result.index, result.sample);
    results.emplace(key, std::move(result));
  }
  return results;
}

Results RunTasks(Engine& engine, std::vector<PromptTask> tasks) {
  size_t count = 0;
  for (const PromptTask& task : tasks) {
    count += task.forced.empty() ? static_cast<size_t>(task.sampling.num_samples) : 1;
  }
  Gathering gathering;
  if (!engine.Submit(gathering.call(), std::move(tasks)).ok()) std::abort();
  return gathering.Wait(count);
}

}  // namespace tact::testing
