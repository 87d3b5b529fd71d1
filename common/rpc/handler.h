// What surrounds every RPC handler: exceptions stop here, the status is mapped, metrics are counted
// (grpc_server_started_total, grpc_server_handled_total, grpc_server_handling_seconds).
#ifndef TACT_COMMON_RPC_HANDLER_H_
#define TACT_COMMON_RPC_HANDLER_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rpc/status_map.h"

namespace tact {

class MethodMetrics;

// Counts a call from its construction to Finish.
class CallRecord {
 public:
  CallRecord(std::string_view service, std::string_view method);
  void Finish(const absl::Status& status);

 private:
  MethodMetrics& metrics_;
  Stopwatch watch_;
};

// grpc::Status Generate(context, request, response) {
//   return HandleCall("tact.v1.PolicyService", "Generate", context,
//                     [&]() -> absl::Status { ... });
// }
// `body` returns absl::Status.
template <typename Body>
grpc::Status HandleCall(std::string_view service, std::string_view method,
                        grpc::ServerContextBase* context, Body&& body) {
  CallRecord record(service, method);
  const absl::Status status = CatchExceptions(method, std::forward<Body>(body));
  record.Finish(status);
  return ToGrpcStatus(status, context);
}

}  // namespace tact

#endif  // TACT_COMMON_RPC_HANDLER_H_
