// Runs stored evaluations one after the other in a thread of its own. What was running when the
// service ended is run again from its stored spec.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_RUNNER_H_
#define TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_RUNNER_H_

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "common/base/bounded_queue.h"
#include "services/evaluation/runner/model_clients.h"
#include "services/evaluation/runner/stop_signal.h"
#include "services/evaluation/store/evaluation_store.h"

namespace tact {

struct RunnerOptions {
  CallOptions calls;
  int batch = 16;           // prompts of one Generate call
  size_t max_pending = 64;  // evaluations that wait
};

class EvaluationRunner {
 public:
  // Both must outlive the runner. Takes up what the store says is running.
  EvaluationRunner(const RunnerOptions& options, const ModelChannels& channels,
                   EvaluationStore& store);
  ~EvaluationRunner() { Stop(); }
  EvaluationRunner(const EvaluationRunner&) = delete;
  EvaluationRunner& operator=(const EvaluationRunner&) = delete;

  // RESOURCE_EXHAUSTED if nothing more may wait. Ask before the evaluation is stored.
  absl::Status CheckRoom() const;
  // An evaluation that the store has.
  absl::Status Submit(std::string id);
  // Ends the call in flight and the thread; the evaluation stays RUNNING on disk.
  void Stop();

 private:
  void Work();
  void RunOne(const std::string& id);

  const RunnerOptions options_;
  const ModelChannels& channels_;
  EvaluationStore& store_;
  StopSignal stop_;
  BoundedQueue<std::string> queue_;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_EVALUATION_RUNNER_H_
