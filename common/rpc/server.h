// A service process: gRPC server with health, reflection and limits, plain HTTP beside it for
// /metrics, /healthz and /readyz, and an orderly end on SIGTERM or SIGINT.
#ifndef TACT_COMMON_RPC_SERVER_H_
#define TACT_COMMON_RPC_SERVER_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/credentials.h"
#include "common/rpc/http_endpoint.h"

namespace CLI {
class App;
}

namespace tact {

struct ServerOptions {
  std::string address = "127.0.0.1:0";       // gRPC; port 0 lets the kernel choose
  std::string http_address = "127.0.0.1:0";  // metrics and health
  bool insecure = false;                     // needed to listen beyond loopback without TLS
  size_t max_message_bytes = 32 << 20;       // of one request or response
  int max_threads = 64;       // handlers at once; more callers get RESOURCE_EXHAUSTED
  double drain_seconds = 10;  // how long a stopping server waits for calls in flight
  // A connection is told to go after so long, give or take a tenth: its client then asks again
  // which replicas there are. Calls on it end in peace. 0: it stays.
  double connection_age_seconds = 600;
  std::vector<HttpRoute> http_routes = {};  // beside metrics and health
  ServerTls tls = {};
  std::string roles_file = {};  // who may call what, where clients show certificates
  std::string audit_log = {};   // file of what changes state and of what was refused
};

// --address, --http-address, --insecure, --max-message-mb, --max-threads, --drain-seconds,
// --max-connection-age, --tls-cert, --tls-key, --tls-client-ca, --roles, --audit-log.
void AddServerFlags(CLI::App& app, ServerOptions& options, int default_grpc_port,
                    int default_http_port);

// What a server listens with: TLS where there are certificates, and with tls.client_ca the check
// of roles before each call. Errors name the flags.
absl::StatusOr<ServerCredentials> MakeGuardedCredentials(const ServerOptions& options);

class Server {
 public:
  // Starts serving `services`; health stays NOT_SERVING until SetReady(true). `names` are the full
  // names for the health service ("tact.v1.PolicyService"). Errors: a port in use (names the
  // address and the flag to change), an address beyond loopback with neither TLS nor `insecure`,
  // files of TLS, roles or the audit log that cannot be used. With tls.client_ca every call needs
  // a role (see method_rules.h).
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<grpc::Service*>& services,
                                                       const std::vector<std::string>& names);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void SetReady(bool ready);
  // What keeps it from its work: gRPC health is NOT_SERVING and /readyz tells `reason` until that
  // is empty; with `needs_restart` /healthz fails too.
  void SetTrouble(std::string reason, bool needs_restart);
  // From not ready to Shutdown: until then clients have left. gRPC cancels a call that reaches it
  // at the moment of its shutdown.
  double leave_seconds() const;
  int port() const;       // of gRPC, as bound
  int http_port() const;  // as bound
  // Refuses new calls, waits drain_seconds for those in flight, then cancels them.
  void Shutdown();

 private:
  struct State;
  void TellHealth();
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Blocks SIGTERM and SIGINT in this thread and all that it starts: call first in main, before any
// thread exists.
void BlockStopSignals();
// Waits for SIGTERM or SIGINT.
void WaitForStopSignal();

// The rest of a service's main: "tact-policy listening on ..." on stdout once ready, waits for a
// stop signal, is not ready from then on, calls `before_shutdown` (e.g. checkpoint), drains.
// Returns the exit code.
int ServeUntilStopped(Server& server, std::string_view program,
                      const std::function<void()>& before_shutdown = nullptr);

// Prints "program: message" to stderr and gives the exit code for a failed start.
int FailStart(std::string_view program, const absl::Status& status);

}  // namespace tact

#endif  // TACT_COMMON_RPC_SERVER_H_
