// What the engine tells Prometheus: tact_policy_*. Looked up once; a step allocates nothing.
#ifndef TACT_SERVICES_POLICY_ENGINE_ENGINE_METRICS_H_
#define TACT_SERVICES_POLICY_ENGINE_ENGINE_METRICS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "services/policy/engine/batch.h"

namespace tact {

// Of the engine's thread, but for SetWaiting.
class EngineMetrics {
 public:
  // Exports the limits too, so that alerts can tell how full things are.
  EngineMetrics(const BatchLimits& limits, size_t max_waiting);

  void SetWaiting(size_t prompts);
  void Admitted(int64_t prompt_tokens);
  // After each step of a batch that is not empty.
  void Stepped(const StepReport& report, absl::Time began, absl::Time ended);
  void SetRunning(const Batch& batch);

 private:
  void ObserveTokens(int64_t continued, absl::Time ended);

  absl::Time last_end_ = absl::InfiniteFuture();  // of a step that left sequences running
  std::vector<double> increments_;                // of the buckets of inter-token latency, all 0
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_ENGINE_METRICS_H_
