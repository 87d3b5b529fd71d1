// Continuous batching against batch-at-once on the same engine, under the same Poisson arrivals.
#ifndef TACT_TESTS_BENCH_ENGINE_MIXED_H_
#define TACT_TESTS_BENCH_ENGINE_MIXED_H_

#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/engine/arrivals.h"
#include "tests/bench/engine/generation.h"

namespace tact::bench {

enum class Serving {
  // Each request goes to the engine as it arrives.
  kContinuous,
  // Those that wait are taken together, and the next ones when all of them have their answers; who
  // is done early leaves the batch, and is answered, at once.
  kBatchAtOnce,
  // The same as generate() of transformers does it: prompts are as long as the longest, every row
  // runs on until the longest response is done, and all answers come then.
  kPaddedBatch
};

// How requests fared.
struct Service {
  Usage usage;                    // from the first arrival to the last answer
  std::vector<double> latencies;  // seconds from arrival to answer, one for each request
  // What of it the engine spent; the rest it had nothing to do.
  double encode_seconds = 0, decode_seconds = 0;
  int64_t steps = 0;
};

absl::StatusOr<Service> Serve(const BenchModel& model, const MixedWork& work,
                              std::span<const Arrival> arrivals, Serving serving);

// All three at `work.load` times the rate that continuous batching reaches when all requests are
// there from the start, which is measured first. Tokens are those that requests asked for.
absl::StatusOr<std::vector<Measurement>> MeasureMixed(const BenchModel& model,
                                                      const MixedWork& work, int repetitions);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_MIXED_H_
