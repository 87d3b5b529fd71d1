// Process-wide settings for compute threads and the allocator. Call both first in main:
//   EnsurePassiveWait(argv); ConfigureThreads(n);
#ifndef TACT_COMMON_KERNELS_THREADS_H_
#define TACT_COMMON_KERNELS_THREADS_H_

#include <algorithm>
#include <cstdint>

namespace tact {

// OpenMP reads OMP_WAIT_POLICY before main, and its default spins: two processes on the same cores
// then slow each other by 50 times. Where the variable is not set this sets it to "passive" and
// runs the same program again (same pid, same arguments); where that fails, it goes on without.
void EnsurePassiveWait(char** argv);

// OpenMP threads for this process and malloc thresholds that keep big buffers in the heap instead
// of mapping and zeroing fresh pages for each. `threads` <= 0 takes the CPUs this process may use.
// Returns the number that is in force. Not for use once work has begun.
int ConfigureThreads(int threads);

// OpenMP settings are per thread: a thread that will call kernels, other than main, calls this
// first.
void UseComputeThreads(int threads);

// CPUs that this process may use: its affinity mask and its cgroup's quota, at least 1.
int AvailableCpus();

// How many compute threads a ParallelFor of this thread uses, and inside its body which of them
// this is, from 0: for scratch that each of them has for itself.
int ComputeThreads();
int ComputeThread();

// call(body, 0) ... call(body, n - 1), see below.
void ParallelCalls(int64_t n, const void* body, void (*call)(const void* body, int64_t i));

// body(0) ... body(n - 1) on the compute threads, in any order; returns when all are done.
// `body` must not throw. Allocates nothing.
template <typename Body>
void ParallelFor(int64_t n, const Body& body) {
  ParallelCalls(n, &body, [](const void* b, int64_t i) { (*static_cast<const Body*>(b))(i); });
}

// body(first, count) for blocks of at most `size` that cover 0 to n - 1, in the same way.
template <typename Body>
void ParallelBlocks(int64_t n, int64_t size, const Body& body) {
  ParallelFor((n + size - 1) / size, [&](int64_t block) {
    const int64_t first = block * size;
    body(first, std::min(size, n - first));
  });
}

// The same of rows with work of some microseconds each.
template <typename Body>
void ParallelRows(int64_t rows, const Body& body) {
  ParallelBlocks(rows, 32, body);
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_THREADS_H_
