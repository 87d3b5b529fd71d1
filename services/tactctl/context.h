// What every command of tactctl works with: its streams, the addresses of the services and how the
// result is printed.
#ifndef TACT_SERVICES_TACTCTL_CONTEXT_H_
#define TACT_SERVICES_TACTCTL_CONTEXT_H_

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/rpc/credentials.h"

namespace CLI {
class App;
}

namespace tact::ctl {

// Exit codes beside those of gRPC (0 to 16): a wrong command line, a job that was followed and is
// paused, and Ctrl-C.
inline constexpr int kUsageExitCode = 64;
inline constexpr int kPausedExitCode = 75;
inline constexpr int kInterruptedExitCode = 130;

// Streams and what is known about them; tests put strings in their place.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  size_t width = 120;  // columns
};

// Where a service listens, and the flag that says so.
struct ServiceAddress {
  std::string name;     // "policy"
  std::string address;  // see replicas.h
};

enum class Output { kTable, kJson, kJsonLines };

struct Context {
  explicit Context(Terminal& t) : terminal(t) {}

  Terminal& terminal;
  Output output = Output::kTable;
  double timeout_seconds = 300;  // of one request; streams have none
  std::string cluster;  // data folder of a running cluster, for its addresses and certificates
  ServiceAddress policy{"policy", ""};
  ServiceAddress reward{"reward", ""};
  ServiceAddress trainer{"trainer", ""};
  ServiceAddress evaluation{"evaluation", ""};
  // By its name; policy for an unknown one.
  const ServiceAddress& service(std::string_view name) const;

  ClientTls tls;                  // --ca, --cert, --key
  ClientCredentials credentials;  // of them; null is plain HTTP/2

  // False for commands that call no service of the cluster.
  bool needs_addresses = true;

  // Set by the command that was chosen; its status becomes the exit code ...
  std::function<absl::Status()> run;
  // ... unless the command decides otherwise.
  std::optional<int> exit_code;
};

// -o, --timeout, --cluster, the addresses, and the certificates for TLS.
void AddGlobalFlags(CLI::App& app, Context& context);

// Fills addresses and certificates that no flag has set: from the cluster's file where there is
// one, else the default ports on loopback. Makes the credentials.
absl::Status ResolveAddresses(Context& context);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_CONTEXT_H_
