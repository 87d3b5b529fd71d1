// Results of one RPC on their way from the engine's thread to the handler that waits for them.
#ifndef TACT_SERVICES_POLICY_COLLECTOR_H_
#define TACT_SERVICES_POLICY_COLLECTOR_H_

#include <grpcpp/server_context.h>

#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/policy/engine/engine.h"

namespace tact {

// Owns one Call: submits its tasks, hands out results as they finish, and cancels what is left when
// it goes away or when the client has.
class Collector {
 public:
  explicit Collector(const grpc::ServerContext& context);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  absl::Status Submit(Engine& engine, std::vector<PromptTask> tasks);
  // Waits for the next result. Its status is OK; a failed sequence fails the call. CANCELLED or
  // DEADLINE_EXCEEDED once the client no longer waits.
  absl::StatusOr<SequenceResult> Next();

 private:
  // Shared with the engine, which may deliver after the handler has gone.
  struct Inbox {
    absl::Mutex mutex;
    std::deque<SequenceResult> results ABSL_GUARDED_BY(mutex);
    bool HasResult() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !results.empty(); }
  };

  const grpc::ServerContext& context_;
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Call> call_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_COLLECTOR_H_
