// Memory bandwidth by reading a buffer larger than the caches on all compute threads.
#ifndef TACT_TESTS_BENCH_ENGINE_BANDWIDTH_H_
#define TACT_TESTS_BENCH_ENGINE_BANDWIDTH_H_

#include <cstddef>

namespace tact::bench {

// Bytes a second, of processor time with one thread: the best of `passes` over `mib` MiB. The best,
// so that a share of it is never flattered by what else ran.
double MeasureBandwidth(size_t mib, int passes, int threads);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_BANDWIDTH_H_
