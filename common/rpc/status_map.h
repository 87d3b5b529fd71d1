// The one mapping between absl::Status and grpc::Status.
#ifndef TACT_COMMON_RPC_STATUS_MAP_H_
#define TACT_COMMON_RPC_STATUS_MAP_H_

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace tact {

// Same code and message; the ErrorDetail goes into the trailing metadata "tact-error-detail-bin" of
// `context` (may be null).
grpc::Status ToGrpcStatus(const absl::Status& status, grpc::ServerContextBase* context);

// The way back in a client. UNAVAILABLE and DEADLINE_EXCEEDED get `peer` before the message, so
// that the user learns which service is down. `context` may be null.
absl::Status FromGrpcStatus(const grpc::Status& status, std::string_view peer,
                            const grpc::ClientContext* context = nullptr);

}  // namespace tact

#endif  // TACT_COMMON_RPC_STATUS_MAP_H_
