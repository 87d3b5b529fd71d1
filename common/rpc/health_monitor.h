// Keeps a server's health in step with the thread that does its work: stuck means NOT_SERVING and a
// /readyz that says why; stuck for long also fails /healthz; both mend by themselves when a step
// ends. Metrics: tact_engine_stalled_seconds, tact_engine_stalls_total.
#ifndef TACT_COMMON_RPC_HEALTH_MONITOR_H_
#define TACT_COMMON_RPC_HEALTH_MONITOR_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/stall_watch.h"
#include "common/rpc/server.h"

namespace CLI {
class App;
}

namespace tact {

// --stuck-seconds, --restart-seconds.
void AddStallFlags(CLI::App& app, StallLimits& limits);

class HealthMonitor {
 public:
  // `who` begins the reason ("the engine"); `pulse` is asked from the monitor's thread. Both
  // `server` and what `pulse` reads must outlive the monitor.
  HealthMonitor(Server& server, const StallLimits& limits, std::string who,
                std::function<Pulse()> pulse);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

 private:
  void Watch() ABSL_LOCKS_EXCLUDED(mutex_);
  void Tell(Vigour vigour, double stalled_seconds);

  Server& server_;
  const StallLimits limits_;
  const std::string who_;
  const std::function<Pulse()> pulse_;
  Vigour told_ = Vigour::kWell;  // of the monitor's thread
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_HEALTH_MONITOR_H_
