// Dynamic batching: texts of many callers wait in one bounded queue; one engine thread takes as
// many as its token budget allows, sorts them by length, runs them and hands each caller its own
// logits. The earliest deadline goes first, and a run is no longer than its most urgent text can
// wait; who has waited for `max_wait` goes before all that come later. A caller that gives up
// leaves the queue at once.
#ifndef TACT_SERVICES_REWARD_BATCHER_H_
#define TACT_SERVICES_REWARD_BATCHER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/stall_watch.h"
#include "services/reward/batch_budget.h"

namespace tact {

struct BatcherOptions {
  int64_t max_batch_tokens = 4096;              // of one run; a longer single text runs alone
  size_t max_queue = 8192;                      // texts that wait
  absl::Duration max_wait = absl::Seconds(10);  // how long deadlines of others may go first
};

// When a caller stops waiting.
struct CallerPatience {
  absl::Time deadline = absl::InfiniteFuture();
  std::function<bool()> cancelled = [] { return false; };
};

class Batcher {
 public:
  using TokenIds = std::vector<int32_t>;
  using Texts = std::vector<std::span<const int32_t>>;
  using Logits = std::vector<float>;  // of one text, [labels]
  // The engine: logits [texts, labels] of a batch. Called by one thread, which `start` enters
  // first.
  struct Engine {
    std::function<absl::StatusOr<std::vector<float>>(const Texts&)> run;
    std::function<void()> start = [] {};
  };

  Batcher(const BatcherOptions& options, Engine engine);
  ~Batcher();  // fails what waits with UNAVAILABLE
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Logits for each text, in order. RESOURCE_EXHAUSTED at once if the queue has no room for all of
  // them; DEADLINE_EXCEEDED or CANCELLED when the caller's patience ends; otherwise the engine's
  // own error.
  absl::StatusOr<std::vector<Logits>> Score(std::vector<TokenIds> texts,
                                            const CallerPatience& patience = {})
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Of the engine's thread; never blocks.
  Pulse pulse() const { return heart_.pulse(); }

 private:
  struct Call;
  struct Waiting {
    std::shared_ptr<Call> call;
    size_t index;
    absl::Time since;  // when it came
    size_t tokens() const;
  };

  absl::Status Enqueue(const std::shared_ptr<Call>& call) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WaitFor(Call& call, const CallerPatience& patience) ABSL_LOCKS_EXCLUDED(mutex_);
  void Abandon(Call& call, const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunEngine() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Waiting> TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Waiting> TakeDue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<float>> RunBatch(const std::vector<Waiting>& batch)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(const std::vector<Waiting>& batch, const absl::StatusOr<std::vector<float>>& logits)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const BatcherOptions options_;
  const Engine engine_;
  absl::Mutex mutex_;
  // By when they are due; equals in the order of their coming.
  std::multimap<absl::Time, Waiting> queue_ ABSL_GUARDED_BY(mutex_);
  BatchBudget budget_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Heartbeat heart_;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_BATCHER_H_
