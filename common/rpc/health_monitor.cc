#include "common/rpc/health_monitor.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/strings.h"

namespace tact {
namespace {

prometheus::Gauge& StalledSeconds() {
  static auto& gauge = GaugeMetric(
      "tact_engine_stalled_seconds",
      "Seconds since the engine ended a step, while one is under way; 0 while steps end.");
  return gauge;
}

prometheus::Counter& Stalls() {
  static auto& counter =
      CounterMetric("tact_engine_stalls_total",
                    "Times that the engine was taken for stuck and its health failed.");
  return counter;
}

// Often enough that a stall is found at its limit, give or take an eighth.
double Period(const StallLimits& limits) {
  return std::clamp(std::min(limits.stuck_seconds, limits.restart_seconds) / 8, 0.02, 1.0);
}

}  // namespace

void AddStallFlags(CLI::App& app, StallLimits& limits) {
  app.add_option("--stuck-seconds", limits.stuck_seconds,
                 "a step of the engine that takes longer makes health NOT_SERVING")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--restart-seconds", limits.restart_seconds,
                 "a step of the engine that takes longer fails /healthz, so that kubelets restart")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
}

HealthMonitor::HealthMonitor(Server& server, const StallLimits& limits, std::string who,
                             std::function<Pulse()> pulse)
    : server_(server), limits_(limits), who_(std::move(who)), pulse_(std::move(pulse)) {
  StalledSeconds().Set(0);
  Stalls();
  thread_ = std::thread([this] { Watch(); });
}

HealthMonitor::~HealthMonitor() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void HealthMonitor::Watch() {
  const double period = Period(limits_);
  StallWatch watch(limits_, 4 * period);
  const Stopwatch clock;
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Seconds(period))) {
    const Vigour vigour = watch.Observe(pulse_(), clock.Seconds());
    StalledSeconds().Set(watch.stalled_seconds());
    Tell(vigour, watch.stalled_seconds());
  }
}

void HealthMonitor::Tell(Vigour vigour, double stalled_seconds) {
  if (vigour == told_) return;
  if (told_ == Vigour::kWell) Stalls().Increment();
  told_ = vigour;
  if (vigour == Vigour::kWell) {
    LogInfo(who_, " makes steps again");
    return server_.SetTrouble("", false);
  }
  const std::string reason = StrCat(who_, " is stuck: one step takes more than ",
                                    static_cast<int64_t>(stalled_seconds), " s");
  LogError(reason);
  server_.SetTrouble(reason, vigour == Vigour::kHopeless);
}

}  // namespace tact
