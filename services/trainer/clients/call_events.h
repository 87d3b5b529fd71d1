// Waits for the events of one asynchronous call, with an eye on whether it is still wanted: a
// blocked call then ends within 50 ms of a stop, and a stream that makes no progress is left.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_CALL_EVENTS_H_
#define TACT_SERVICES_TRAINER_CLIENTS_CALL_EVENTS_H_

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace tact {

using StopCheck = std::function<absl::Status()>;  // null: never stops

class CallEvents {
 public:
  // `context` must outlive this. `peer` is for the message where there is no progress.
  CallEvents(grpc::ClientContext& context, std::string peer, StopCheck check);
  ~CallEvents();  // the call must have ended, all its events taken

  grpc::CompletionQueue* queue() { return &queue_; }

  // Waits for the next event and returns whether it went well. An error of `check`, or no event
  // for `idle_seconds` (0 waits for ever), cancels the call; failure() then tells.
  bool Next(double idle_seconds = 0);
  // Why the call was cancelled from here; OK if it was not.
  const absl::Status& failure() const { return failure_; }
  void Fail(const absl::Status& failure);

 private:
  grpc::ClientContext& context_;
  const std::string peer_;
  const StopCheck check_;
  absl::Status failure_;
  grpc::CompletionQueue queue_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_CALL_EVENTS_H_
