#include "common/kernels/thread_team.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace tact {
namespace {

constexpr int kSpins = 2000;  // 20 to 80 microseconds

thread_local bool in_team = false;
thread_local int team_thread = 0;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

void RunAlone(const TeamJob& job) {
  for (int64_t i = 0; i < job.n; ++i) job.call(job.body, i);
}

// `state_` is odd while a job is open. A worker enters (counts itself) before it looks whether the
// job is still open, and the owner closes the job before it looks whether somebody is inside: one
// of the two sees the other, so that nobody touches a job that has been given up.
class Team {
 public:
  // Never destroyed: threads may still compute while the process ends.
  static Team& Get() {
    static auto* team = new Team;
    return *team;
  }

  void Run(int threads, const TeamJob& job) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return RunAlone(job);
    Grow(threads - 1);
    job_ = job;
    next_.store(0, std::memory_order_relaxed);
    seats_.store(threads - 1, std::memory_order_relaxed);
    state_.fetch_add(1);
    state_.notify_all();
    Work();
    state_.fetch_add(1);
    WaitUntilAllLeft();
  }

 private:
  void Grow(int workers) {
    while (static_cast<int>(workers_.size()) < workers) {
      const auto number = static_cast<int>(workers_.size()) + 1;
      workers_.emplace_back([this, number, seen = state_.load()] {
        team_thread = number;
        Serve(seen);
      });
    }
  }

  void Work() {
    in_team = true;
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < job_.n;) {
      job_.call(job_.body, i);
    }
    in_team = false;
  }

  [[noreturn]] void Serve(uint32_t seen) {
    omp_set_num_threads(1);  // of what a call may use itself
    for (;;) {
      seen = WaitForJob(seen);
      inside_.fetch_add(1);
      if (state_.load() == seen && team_thread <= seats_.load()) Work();
      if (inside_.fetch_sub(1) == 1) inside_.notify_one();
    }
  }

  // The state of an open job that is not `seen`.
  uint32_t WaitForJob(uint32_t seen) {
    for (int spins = 0;; ++spins) {
      const uint32_t state = state_.load();
      if (state != seen && state % 2 == 1) return state;
      if (spins < kSpins) {
        Pause();
      } else {
        state_.wait(state);
        spins = 0;
      }
    }
  }

  void WaitUntilAllLeft() {
    for (int spins = 0;; ++spins) {
      const uint32_t inside = inside_.load();
      if (inside == 0) return;
      if (spins < kSpins) {
        Pause();
      } else {
        inside_.wait(inside);
      }
    }
  }

  std::mutex mutex_;  // held by the thread whose job is open
  std::vector<std::thread> workers_;
  TeamJob job_ = {};
  alignas(64) std::atomic<uint32_t> state_{0};
  alignas(64) std::atomic<uint32_t> inside_{0};
  alignas(64) std::atomic<int64_t> next_{0};
  std::atomic<int> seats_{0};  // workers that may help
};

}  // namespace

int TeamThread() { return team_thread; }

void RunOnTeam(int threads, const TeamJob& job) {
  const auto useful = static_cast<int>(std::min<int64_t>(threads, job.n));
  if (useful <= 1 || in_team) return RunAlone(job);
  Team::Get().Run(useful, job);
}

}  // namespace tact
