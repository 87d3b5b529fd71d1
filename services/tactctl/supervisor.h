// Runs the four services as children: starts them, waits until they serve, starts one again that
// died (after 0.5 s, then twice as long up to 10 s), stops them in order.
#ifndef TACT_SERVICES_TACTCTL_SUPERVISOR_H_
#define TACT_SERVICES_TACTCTL_SUPERVISOR_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/credentials.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/process.h"
#include "services/tactctl/service_table.h"

namespace tact::ctl {

// How long to wait before the next start of a child that has died `failures` times in a row.
absl::Duration RestartDelay(int failures);

class Supervisor {
 public:
  // `say` gets a line for each event worth telling.
  Supervisor(ClusterOptions options, PortMap ports, std::function<void(const std::string&)> say);
  ~Supervisor() { StopAll(); }

  // Starts all and waits until each is SERVING. A child that ends first is an error with its last
  // lines; then, and after `timeout_seconds`, and on a stop signal, all are stopped.
  absl::Status Start(double timeout_seconds);
  // Watches them until SIGINT, SIGTERM or SIGHUP, which must be blocked in all threads.
  void Run();
  // The trainer first, then those that it calls.
  void StopAll();

  std::vector<ClusterMember> Members() const;

 private:
  struct Child {
    const ServiceEntry* service = nullptr;
    std::optional<ChildProcess> process;
    int failures = 0;
    absl::Time started;
    absl::Time next_start;
  };

  absl::Status PrepareTls();
  absl::Status StartChild(Child& child);
  absl::Status WaitUntilServing(Child& child, absl::Time limit);
  absl::Status CheckStartup();
  void Watch(Child& child);
  void NoteDeath(Child& child, const std::string& how);
  absl::Status WriteFile() const;

  ClusterOptions options_;
  PortMap ports_;
  ClientTls tls_;                  // empty where the cluster has no TLS
  ClientCredentials credentials_;  // of tls_
  std::function<void(const std::string&)> say_;
  std::vector<Child> children_;
};

// Blocks the signals that Run waits for; call before any thread exists.
void BlockSupervisorSignals();

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_SUPERVISOR_H_
