// What surrounds every RPC handler: exceptions stop here, the status is mapped, metrics are counted
// (grpc_server_*, see method_metrics.h).
#ifndef TACT_COMMON_RPC_HANDLER_H_
#define TACT_COMMON_RPC_HANDLER_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rpc/stamp.h"
#include "common/rpc/status_map.h"

namespace tact {

class MethodMetrics;

// Counts a call from its construction to Finish. Lives on the stack of the handler's thread.
class CallRecord {
 public:
  CallRecord(std::string_view service, std::string_view method);
  ~CallRecord();
  CallRecord(const CallRecord&) = delete;
  CallRecord& operator=(const CallRecord&) = delete;
  void Finish(const absl::Status& status);

 private:
  MethodMetrics& metrics_;
  MethodMetrics* const outer_;
  Stopwatch watch_;
};

// One message more of the stream of the call that this thread handles.
void CountReceivedMessage();
void CountSentMessage();

// Read and Write of a stream, counted.
template <typename Reader, typename Message>
bool ReadMessage(Reader& reader, Message* message) {
  if (!reader.Read(message)) return false;
  CountReceivedMessage();
  return true;
}
template <typename Writer, typename Message>
bool WriteMessage(Writer& writer, const Message& message) {
  if (!writer.Write(message)) return false;
  CountSentMessage();
  return true;
}

// grpc::Status Generate(context, request, response) {
//   return HandleCall("tact.v1.PolicyService", "Generate", context,
//                     [&]() -> absl::Status { ... });
// }
// `body` returns absl::Status.
template <typename Body>
grpc::Status HandleCall(std::string_view service, std::string_view method,
                        grpc::ServerContextBase* context, Body&& body) {
  CallRecord record(service, method);
  StampResponse(context);
  const absl::Status status = CatchExceptions(method, std::forward<Body>(body));
  record.Finish(status);
  return ToGrpcStatus(status, context);
}

}  // namespace tact

#endif  // TACT_COMMON_RPC_HANDLER_H_
