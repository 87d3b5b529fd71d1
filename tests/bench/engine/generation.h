// tact's generation engine in this process, without network and tokenizer.
#ifndef TACT_TESTS_BENCH_ENGINE_GENERATION_H_
#define TACT_TESTS_BENCH_ENGINE_GENERATION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/policy/engine/engine.h"
#include "services/policy/policy_model.h"
#include "tests/bench/engine/measurement.h"
#include "tests/bench/engine/workload.h"

namespace tact::bench {

// "f32", "bf16" or "int8".
absl::StatusOr<WeightType> ParseWeightType(std::string_view name);

// How a work is measured.
struct Repeats {
  int warm_up = 1;  // runs of each work's first case before; a larger one only grows buffers
  int count = 3;
};

struct BenchModel {
  T5Config config;
  std::shared_ptr<const Snapshot> snapshot;
  std::string dtype;
  int threads = 0;
};

absl::StatusOr<BenchModel> LoadBenchModel(const std::string& folder, const std::string& dtype,
                                          int threads);

// An engine that begins all prompts of a case at once: `sequences` of them fit, and encoding them
// has no limit.
std::unique_ptr<Engine> WideEngine(const BenchModel& model, int64_t sequences);

// The greatest number of sequences that one of the cases has.
int64_t MostSequences(std::span<const GenerationCase> cases);

// One task with exactly `new_tokens` new tokens.
PromptTask MakeTask(const BenchModel& model, std::vector<int32_t> prompt, int64_t new_tokens);

// Submits tasks and waits for all their samples; the first error, or how many new tokens came.
absl::StatusOr<int64_t> Generate(Engine& engine, std::vector<PromptTask> tasks);
// The same for a case; INTERNAL where the tokens are not as many as it asks for.
absl::Status RunCase(Engine& engine, const BenchModel& model, const GenerationCase& work);

// All cases, their repetitions in turn: a ratio of two cases then comes from the same minute.
absl::StatusOr<std::vector<Measurement>> MeasureGeneration(const BenchModel& model,
                                                           std::span<const GenerationCase> cases,
                                                           const Repeats& repeats);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_GENERATION_H_
