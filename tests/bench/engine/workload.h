// What tests/bench/workloads.json asks for, the same for tact and its peers.
#ifndef TACT_TESTS_BENCH_ENGINE_WORKLOAD_H_
#define TACT_TESTS_BENCH_ENGINE_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact::bench {

// Inclusive.
struct Range {
  int64_t min = 0, max = 0;
};

// `batch` prompts that begin together; every response has exactly `new_tokens` tokens.
struct GenerationCase {
  std::string work = {};  // the key in the file
  int64_t batch = 1;
  int64_t prompt_tokens = 200;
  int64_t samples = 1;  // of each prompt
  int64_t new_tokens = 40;
  bool do_sample = false;
  uint64_t seed = 1;

  std::string name() const;  // "greedy b8 p200 k1"
  int64_t tokens() const { return batch * samples * new_tokens; }
};

// Requests that arrive by a Poisson process.
struct MixedWork {
  std::string work = {};
  int64_t requests = 0;
  int64_t max_running = 16;  // sequences at once, in both ways of serving
  Range prompt_tokens = {}, new_tokens = {};
  double load = 0.9;  // arrivals, as a share of what continuous batching can serve
  uint64_t seed = 1;
};

// One run of the classifier; lengths are uniform in `tokens`.
struct ClassificationCase {
  std::string work = {};
  int64_t texts = 1;
  Range tokens = {};
  uint64_t seed = 1;

  std::string name() const;  // "classify 16x128" or "classify 32x16-256"
};

struct Workloads {
  std::vector<GenerationCase> generation;
  std::vector<MixedWork> mixed;
  std::vector<ClassificationCase> classification;
  std::vector<GenerationCase> profile;
};

// The sections "generate", "mixed", "classify" and "profile"; others are for other programs. Where
// a field of "generate" or "profile" is a list, there is a case for each combination.
// INVALID_ARGUMENT names section and field.
absl::StatusOr<Workloads> ParseWorkloads(std::string_view json, std::string_view file);

// Leaves the works that are named; all where `names` is empty. NOT_FOUND for a name that no work
// has.
absl::StatusOr<Workloads> Select(Workloads all, const std::vector<std::string>& names);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_WORKLOAD_H_
