// A step of a batch that nobody joins or leaves allocates nothing, whatever the strategy.
#include <gtest/gtest.h>

#include "common/kernels/threads.h"
#include "services/policy/engine/batch.h"
#include "services/policy/testing/allocations.h"
#include "services/policy/testing/tiny_model.h"

namespace tact {
namespace {

constexpr int64_t kNewTokens = 64;

struct StepCase {
  const char* name;
  SamplingOptions sampling;
  WeightType weights = WeightType::kF32;
};

class SteadyStepTest : public ::testing::TestWithParam<StepCase> {
 protected:
  // Six prompts, three of them with an adapter, that run for kNewTokens steps.
  void Admit(Batch& batch) const {
    const T5Config config = testing::TinyConfig(600);
    const SequenceLimits limits = {.max_new_tokens = kNewTokens};
    const auto base = testing::MakeSnapshot(config, testing::RandomWeights(config, 1), limits,
                                            GetParam().weights);
    const auto adapter = testing::MakeAdapter(
        config, testing::RandomLora(config, {"q", "k", "v", "o", "wi_0", "wi_1", "wo"}, 3, 2),
        {3, 6.0f});
    const auto call = std::make_shared<Call>(absl::InfiniteFuture(), [](const SequenceResult&) {});
    for (size_t i = 0; i < 6; ++i) {
      PromptTask task = {.index = i,
                         .weights = {base, i % 2 == 0 ? nullptr : adapter},
                         .prompt_ids = std::vector<int32_t>(5 + 9 * i, 7),
                         .sampling = GetParam().sampling};
      task.sampling.max_new_tokens = task.sampling.processors.min_new_tokens = kNewTokens;
      batch.Admit({call, std::move(task), absl::Now()});
    }
  }
};

TEST_P(SteadyStepTest, AllocatesNothing) {
  UseComputeThreads(2);
  const T5Config config = testing::TinyConfig();
  Batch batch({}, {config.num_decoder_layers, kNewTokens, config.num_heads, config.d_kv});
  Admit(batch);
  const int64_t at_first = testing::Allocations();
  // Encodes, and lets buffers grow to the sizes of the longest step.
  for (int64_t step = 0; step < kNewTokens / 2; ++step) batch.Step();
  const int64_t before = testing::Allocations();
  EXPECT_GT(before, at_first) << "encoding does allocate, and is counted";
  for (int64_t step = kNewTokens / 2; step + 1 < kNewTokens; ++step) {
    batch.DropUnwanted(absl::InfinitePast());
    EXPECT_EQ(batch.Step().generated, batch.running());
  }
  EXPECT_EQ(testing::Allocations() - before, 0);
  batch.Step();
  EXPECT_TRUE(batch.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Strategies, SteadyStepTest,
    ::testing::Values(
        StepCase{"greedy", {}}, StepCase{"greedy_int8", {}, WeightType::kInt8},
        StepCase{"sampling", {.do_sample = true, .num_samples = 3}},
        StepCase{"temperature", {.do_sample = true, .warpers = {.temperature = 0.7f}}},
        StepCase{"filters",
                 {.do_sample = true,
                  .warpers = {.temperature = 0.9f, .top_k = 50, .top_p = 0.95, .typical_p = 0.9f}}},
        StepCase{"top_p", {.do_sample = true, .warpers = {.top_p = 0.9}}},
        StepCase{"processors",
                 {.processors = {.repetition_penalty = 1.2f, .no_repeat_ngram_size = 3}}},
        StepCase{"beams", {.num_samples = 2, .beams = {.num_beams = 4}}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tact
