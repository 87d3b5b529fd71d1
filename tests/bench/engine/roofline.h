// The least time that a decode step can take: every weight is read once from memory.
#ifndef TACT_TESTS_BENCH_ENGINE_ROOFLINE_H_
#define TACT_TESTS_BENCH_ENGINE_ROOFLINE_H_

#include <cstdint>

#include "services/policy/engine/snapshot.h"

namespace tact::bench {

// Bytes of weights that a step reads: the decoder's products and norms, and the head, as they are
// packed. Without those of the cross keys and values, which a prompt needs once.
int64_t StepWeightBytes(const Snapshot& snapshot);

// Bytes of keys and values that a step reads: of `prompts` with `prompt_tokens` each, which their
// samples share, and of `sequences` that have `position` tokens.
int64_t StepCacheBytes(const T5Config& config, bool half_cross, int64_t prompts,
                       int64_t prompt_tokens, int64_t sequences, int64_t position);

// Seconds at `bandwidth` bytes a second.
inline double RooflineSeconds(int64_t bytes, double bandwidth) {
  return static_cast<double>(bytes) / bandwidth;
}

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_ROOFLINE_H_
