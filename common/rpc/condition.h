// What health checks are told of a process: whether it takes calls, why not, and whether only a
// restart would help. Thread-safe.
#ifndef TACT_COMMON_RPC_CONDITION_H_
#define TACT_COMMON_RPC_CONDITION_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tact {

class Condition {
 public:
  struct Answer {
    bool ready = false;  // takes calls
    bool alive = true;   // false: only a restart helps
    std::string text;    // "ready", or why not; one line
  };

  // From loading to serving, and back when it drains.
  void SetServing(bool serving) ABSL_LOCKS_EXCLUDED(mutex_);
  // What keeps a serving process from its work; empty: nothing.
  void SetTrouble(std::string reason, bool needs_restart) ABSL_LOCKS_EXCLUDED(mutex_);
  Answer Ask() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_served_ ABSL_GUARDED_BY(mutex_) = false;
  bool needs_restart_ ABSL_GUARDED_BY(mutex_) = false;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_CONDITION_H_
