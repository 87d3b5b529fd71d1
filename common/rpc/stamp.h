// What every response says about the process that made it, in its initial metadata: its version,
// its clock and when it began, so that a caller can tell replicas apart and find a wrong clock.
#ifndef TACT_COMMON_RPC_STAMP_H_
#define TACT_COMMON_RPC_STAMP_H_

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include <optional>
#include <string>

namespace tact {

struct ServerStamp {
  std::string version;         // "0.1.0+72203cc0a1b2": version and commit
  double time_seconds = 0;     // the server's clock when the call began, since 1970
  double started_seconds = 0;  // when its process began, by the same clock
};

// Adds "tact-version", "tact-time-ms" and "tact-started-ms"; before the first message of the
// response. A null context is none.
void StampResponse(grpc::ServerContextBase* context);

// Of a call that has ended OK; nothing where the server is another program or an older one.
std::optional<ServerStamp> ReadStamp(const grpc::ClientContext& context);

}  // namespace tact

#endif  // TACT_COMMON_RPC_STAMP_H_
