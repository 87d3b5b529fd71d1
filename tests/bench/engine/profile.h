// Where a decode step's time goes, next to the roofline of the same run.
#ifndef TACT_TESTS_BENCH_ENGINE_PROFILE_H_
#define TACT_TESTS_BENCH_ENGINE_PROFILE_H_

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/engine/generation.h"

namespace tact::bench {

struct ProfileRow {
  GenerationCase work = {};
  std::string dtype = {};
  int threads = 0;
  int64_t steps = 0;
  double step_seconds = 0;    // mean, without encoding
  double encode_seconds = 0;  // of one repetition
  std::vector<std::pair<std::string, double>> parts =
      {};                                     // seconds of a step; they sum to the step
  int64_t weight_bytes = 0, cache_bytes = 0;  // of a step in the middle of the response
  double bandwidth = 0;                       // bytes a second

  double roofline_seconds() const;  // of the weights alone
  double share() const { return roofline_seconds() / step_seconds; }
};

// Each case after a warm-up, `repeats.count` times together; with one thread in processor time.
// `bandwidth` as measured in this run.
absl::StatusOr<std::vector<ProfileRow>> ProfileSteps(const BenchModel& model,
                                                     std::span<const GenerationCase> cases,
                                                     const Repeats& repeats, double bandwidth);

nlohmann::json ToJson(const ProfileRow& row);

// One column for each row of a dtype: microseconds of a step by part, and the roofline.
std::string ProfileTable(std::span<const ProfileRow> rows);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_PROFILE_H_
