// Results of one RPC on their way from the engine's thread to the handler that waits for them.
#ifndef TACT_SERVICES_POLICY_COLLECTOR_H_
#define TACT_SERVICES_POLICY_COLLECTOR_H_

#include <grpcpp/server_context.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/policy/engine/engine.h"

namespace tact {

// A token of a response that still grows.
struct NewToken {
  size_t index;  // of the task
  uint32_t sample;
  int32_t id;
  float logprob;  // the model's own
};

// Makes the counters below, so that a rate never misses their first increase:
// tact_policy_refused_requests_total{reason="queue_full|stopping"} and
// tact_policy_aborted_requests_total{reason="cancelled|deadline|failed"}.
void InitialiseRequestMetrics();

// Owns one Call: submits its tasks, hands out results as they finish, and cancels what is left when
// it goes away or when the client has.
class Collector {
 public:
  struct Event {
    std::optional<NewToken> token = {};  // without one it is a result
    SequenceResult result = {};
  };

  explicit Collector(const grpc::ServerContext& context);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // From now on NextEvent tells of each token of the task too, in order, before its result.
  void FollowTokens(PromptTask& task) const;
  absl::Status Submit(Engine& engine, std::vector<PromptTask> tasks);
  // Waits for the next one. The status of a result is OK; a failed sequence fails the call.
  // CANCELLED or DEADLINE_EXCEEDED once the client no longer waits.
  absl::StatusOr<Event> NextEvent();
  // The same where no task's tokens are followed.
  absl::StatusOr<SequenceResult> Next();

 private:
  // Shared with the engine, which may deliver after the handler has gone.
  struct Inbox {
    absl::Mutex mutex;
    std::deque<Event> events ABSL_GUARDED_BY(mutex);
    bool HasEvent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !events.empty(); }
    void Put(Event event);
    std::optional<Event> Take(absl::Duration wait);
  };

  const grpc::ServerContext& context_;
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Call> call_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_COLLECTOR_H_
