// Ctrl-C while a stream is followed: calls back instead of ending the process.
#ifndef TACT_SERVICES_TACTCTL_INTERRUPT_H_
#define TACT_SERVICES_TACTCTL_INTERRUPT_H_

#include <functional>
#include <memory>

namespace tact::ctl {

// As long as it lives, SIGINT and SIGTERM call `on_interrupt` from a thread of its own (once for
// each signal). One at a time.
class InterruptScope {
 public:
  explicit InterruptScope(std::function<void()> on_interrupt);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_INTERRUPT_H_
