// Runs tasks through an engine and waits for all results.
#ifndef TACT_SERVICES_POLICY_TESTING_RUN_TASKS_H_
#define TACT_SERVICES_POLICY_TESTING_RUN_TASKS_H_

#include <map>
#include <utility>
#include <vector>

#include "services/policy/engine/engine.h"

namespace tact::testing {

// By (task index, sample).
using Results = std::map<std::pair<size_t, uint32_t>, SequenceResult>;

// Gathers the results of one call; Wait returns when `count` have come.
class Gathering {
 public:
  explicit Gathering(absl::Time deadline = absl::InfiniteFuture());
  std::shared_ptr<Call> call() const { return call_; }
  Results Wait(size_t count);

 private:
  struct Inbox {
    absl::Mutex mutex;
    std::vector<SequenceResult> results ABSL_GUARDED_BY(mutex);
  };
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Call> call_;
};

// Fails the process if the engine refuses the tasks.
Results RunTasks(Engine& engine, std::vector<PromptTask> tasks);

}  // namespace tact::testing

#endif  // TACT_SERVICES_POLICY_TESTING_RUN_TASKS_H_
