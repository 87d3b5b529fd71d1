#include "common/kernels/threads.h"

#include <malloc.h>
#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/kernels/thread_team.h"

namespace tact {
namespace {

// CPUs by affinity; 0 if the kernel does not say.
int AffinityCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

// CPUs by the cgroup v2 quota, "max 100000" or "150000 100000"; 0 if there is none.
int QuotaCpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return static_cast<int>(std::ceil(std::atof(quota.c_str()) / period));
}

}  // namespace

void EnsurePassiveWait(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv("/proc/self/exe", argv);  // returns only if it failed: then spinning is all we lose
}

int AvailableCpus() {
  const int affinity = AffinityCpus(), quota = QuotaCpus();
  if (affinity <= 0 || quota <= 0) return std::max({1, affinity, quota});
  return std::min(affinity, quota);
}

void UseComputeThreads(int threads) {
  omp_set_num_threads(threads > 0 ? threads : AvailableCpus());
}

int ConfigureThreads(int threads) {
  // Buffers of tens of MB come and go in each step; by default each is a fresh, zeroed mapping.
  constexpr int kLarge = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
  const int count = threads > 0 ? threads : AvailableCpus();
  UseComputeThreads(count);
  return count;
}

int ComputeThreads() { return omp_get_max_threads(); }
int ComputeThread() { return TeamThread(); }

void ParallelCalls(int64_t n, const void* body, void (*call)(const void*, int64_t)) {
  RunOnTeam(omp_get_max_threads(), {body, call, n});
}

}  // namespace tact
