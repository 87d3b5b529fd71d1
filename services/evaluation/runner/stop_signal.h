// Ends a worker's waits and its call in flight from another thread.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_STOP_SIGNAL_H_
#define TACT_SERVICES_EVALUATION_RUNNER_STOP_SIGNAL_H_

#include <grpcpp/client_context.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tact {

class StopSignal {
 public:
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  // Waits; true once stopped.
  bool WaitFor(absl::Duration timeout) const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&stopped_), timeout);
  }
  bool stopped() const { return WaitFor(absl::ZeroDuration()); }

  // The call that Stop cancels while this object lives.
  class Call {
   public:
    Call(StopSignal& signal, grpc::ClientContext& context) : signal_(signal) {
      absl::MutexLock lock(&signal_.mutex_);
      signal_.call_ = &context;
      if (signal_.stopped_) context.TryCancel();
    }
    ~Call() {
      absl::MutexLock lock(&signal_.mutex_);
      signal_.call_ = nullptr;
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    StopSignal& signal_;
  };

 private:
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_STOP_SIGNAL_H_
