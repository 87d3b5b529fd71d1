// The compute threads of the process. They look out for work for some microseconds before they
// sleep, so that the many short products of a decode step share the CPUs; and whoever hands out
// work does it alone where they are late, so that a busy machine costs time but never a standstill.
#ifndef TACT_COMMON_KERNELS_THREAD_TEAM_H_
#define TACT_COMMON_KERNELS_THREAD_TEAM_H_

#include <cstdint>

namespace tact {

// Calls of `call(body, i)` for i from 0 to n - 1.
struct TeamJob {
  const void* body;
  void (*call)(const void* body, int64_t i);
  int64_t n;
};

// All calls, in any order, on this thread and up to `threads` - 1 others; returns when all are
// done. Calls must not throw. Where the team is at work for another thread, and inside a call, all
// of them are made by this thread. Allocates nothing once there are so many threads.
void RunOnTeam(int threads, const TeamJob& job);

// The same of body(0) ... body(n - 1).
template <typename Body>
void RunOnTeam(int threads, int64_t n, const Body& body) {
  const auto call = [](const void* b, int64_t i) { (*static_cast<const Body*>(b))(i); };
  RunOnTeam(threads, {&body, call, n});
}

// Which of the threads this is, inside a call: 0 to `threads` - 1; 0 elsewhere.
int TeamThread();

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_THREAD_TEAM_H_
