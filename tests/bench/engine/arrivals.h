// Requests that arrive by a Poisson process: gaps are exponential, lengths uniform.
#ifndef TACT_TESTS_BENCH_ENGINE_ARRIVALS_H_
#define TACT_TESTS_BENCH_ENGINE_ARRIVALS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tests/bench/engine/workload.h"

namespace tact::bench {

struct Arrival {
  double at = 0;  // seconds after the begin
  int64_t prompt_tokens = 0;
  int64_t new_tokens = 0;
};

// In order of time, `rate` > 0 a second on average; infinity lets all arrive at 0. The lengths do
// not depend on the rate.
std::vector<Arrival> PoissonArrivals(const MixedWork& work, double rate);

// Those among arrivals[begin, ...) that a server which takes a batch at `now` gets: at most `most`,
// at least one of them, the first, even where it is still to come. Returns the end.
size_t BatchEnd(std::span<const Arrival> arrivals, size_t begin, double now, int64_t most);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_ARRIVALS_H_
