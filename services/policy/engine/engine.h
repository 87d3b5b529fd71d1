// The generation engine: one thread owns the running batch; callers submit prompts from any thread
// and get results by callback. Bounded: a full queue refuses at once.
#ifndef TACT_SERVICES_POLICY_ENGINE_ENGINE_H_
#define TACT_SERVICES_POLICY_ENGINE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/base/stall_watch.h"
#include "common/model/config.h"
#include "services/policy/engine/batch.h"
#include "services/policy/engine/engine_metrics.h"
#include "services/policy/engine/waiting_queue.h"

namespace tact {

struct EngineOptions {
  BatchLimits batch = {};
  SequenceLimits sequence = {};
  size_t max_waiting = 4096;  // prompts
  int threads = 0;            // of the kernels; 0 takes the CPUs of this process
};

class Engine {
 public:
  // `config` gives the sizes that every snapshot of this engine has.
  Engine(const EngineOptions& options, const T5Config& config);
  // Ends what runs and waits with UNAVAILABLE.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // All tasks or none. Prompts and responses must be within the limits and the vocabulary.
  // RESOURCE_EXHAUSTED when the queue is full, UNAVAILABLE while the engine stops.
  absl::Status Submit(std::shared_ptr<Call> call, std::vector<PromptTask> tasks)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const EngineOptions& options() const { return options_; }
  // Of the engine's thread; never blocks.
  Pulse pulse() const { return heart_.pulse(); }

 private:
  void Run();
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mutex_);  // false once the engine stops
  void Admit() ABSL_LOCKS_EXCLUDED(mutex_);
  void StepOnce();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !waiting_.empty() || !batch_idle_;
  }

  const EngineOptions options_;
  Batch batch_;  // of the engine's thread only
  EngineMetrics metrics_;
  Heartbeat heart_;
  mutable absl::Mutex mutex_;
  WaitingQueue waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool batch_idle_ ABSL_GUARDED_BY(mutex_) = true;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_ENGINE_H_
