#include "services/tactctl/interrupt.h"

#include <semaphore.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

namespace tact::ctl {
namespace {

sem_t signals;  // posting a semaphore is allowed in a signal handler, little else is

void OnSignal(int) {
  const int saved = errno;
  sem_post(&signals);
  errno = saved;
}

}  // namespace

struct InterruptScope::State {
  std::function<void()> on_interrupt;
  std::atomic<bool> done = false;
  struct sigaction old_int {};
  struct sigaction old_term {};
  std::thread thread;

  void Run() {
    while (true) {
      while (sem_wait(&signals) != 0 && errno == EINTR) {
      }
      if (done) return;
      on_interrupt();
    }
  }
};

InterruptScope::InterruptScope(std::function<void()> on_interrupt)
    : state_(std::make_unique<State>()) {
  sem_init(&signals, 0, 0);
  state_->on_interrupt = std::move(on_interrupt);
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &state_->old_int);
  sigaction(SIGTERM, &action, &state_->old_term);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &state_->old_int, nullptr);
  sigaction(SIGTERM, &state_->old_term, nullptr);
  state_->done = true;
  sem_post(&signals);
  state_->thread.join();
}

}  // namespace tact::ctl
