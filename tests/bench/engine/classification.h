// tact's classifier in this process, without network and tokenizer.
#ifndef TACT_TESTS_BENCH_ENGINE_CLASSIFICATION_H_
#define TACT_TESTS_BENCH_ENGINE_CLASSIFICATION_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/engine/generation.h"

namespace tact::bench {

// All cases, their repetitions in turn; tokens are those that the texts have.
absl::StatusOr<std::vector<Measurement>> MeasureClassification(
    const std::string& folder, const std::string& dtype, int threads,
    std::span<const ClassificationCase> cases, const Repeats& repeats);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_CLASSIFICATION_H_
