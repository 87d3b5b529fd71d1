// Properties of the engine: a batch changes nothing, callers get what they asked for or a reason.
#include "services/policy/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/random.h"
#include "common/base/steady_time.h"
#include "services/policy/testing/run_tasks.h"
#include "services/policy/testing/tiny_model.h"

namespace tact {
namespace {

using testing::Gathering;
using testing::Results;
using testing::RunTasks;

std::vector<int32_t> RandomPrompt(uint64_t seed) {
  CounterRng rng(seed);
  std::vector<int32_t> ids(2 + rng.Below(150));
  for (int32_t& id : ids) id = static_cast<int32_t>(2 + rng.Below(59));
  ids.back() = 1;
  return ids;
}

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : config_(testing::TinyConfig()) {
    const testing::Weights base = testing::RandomWeights(config_, 11);
    base_.snapshot = testing::MakeSnapshot(config_, base);
    newer_.snapshot = testing::MakeSnapshot(config_, testing::RandomWeights(config_, 12));
    for (uint64_t seed = 21; seed < 23; ++seed) {
      const testing::Weights lora =
          testing::RandomLora(config_, {"q", "k", "v", "o", "wi_0", "wi_1", "wo"}, 3, seed);
      adapters_.push_back({base_.snapshot, testing::MakeAdapter(config_, lora, {3, 6.0f})});
      merged_.push_back({testing::MakeSnapshot(config_, testing::Merge(base, lora, 3, 2.0f)), {}});
    }
  }

  // Tasks of every kind: four weight sets, greedy and sampled, one and several samples, forced.
  std::vector<PromptTask> MixedTasks() const {
    const ServedWeights sets[] = {base_, newer_, adapters_[0], adapters_[1]};
    std::vector<PromptTask> tasks;
    for (size_t i = 0; i < 32; ++i) {
      PromptTask task = {
          .index = i, .weights = sets[i % 4], .prompt_ids = RandomPrompt(i), .prompt_key = 100 + i};
      task.sampling.max_new_tokens = 5 + static_cast<int64_t>(i) % 20;
      task.sampling.do_sample = i % 3 != 0;
      task.sampling.seed = 5;
      if (i % 3 == 1) task.sampling.num_samples = 3;
      if (i % 3 == 2) {
        task.sampling.warpers.temperature = 0.7f;
        task.sampling.warpers.top_k = 20;
        task.sampling.warpers.top_p = 0.9;
        task.sampling.processors.min_new_tokens = 4;
      }
      if (i % 8 == 7) task.forced = RandomPrompt(1000 + i);
      tasks.push_back(std::move(task));
    }
    return tasks;
  }

  T5Config config_;
  ServedWeights base_, newer_;
  std::vector<ServedWeights> adapters_, merged_;
};

void ExpectSame(const SequenceResult& a, const SequenceResult& b, float tolerance = 1e-4f) {
  ASSERT_TRUE(a.status.ok()) << a.status;
  EXPECT_EQ(a.ids, b.ids) << "task " << a.index << " sample " << a.sample;
  EXPECT_EQ(a.reason, b.reason);
  const auto near = [tolerance](const std::vector<float>& values) {
    return ::testing::Pointwise(::testing::FloatNear(tolerance), values);
  };
  EXPECT_THAT(a.model_logprobs, near(b.model_logprobs));
  EXPECT_THAT(a.behaviour_logprobs, near(b.behaviour_logprobs));
}

TEST_F(EngineTest, ResultsDoNotDependOnBatchMates) {
  Engine engine({.batch = {.max_running = 7,
                           .max_batch_tokens = 1024,
                           .max_step_rows = 16,
                           .max_encode_tokens = 200}},
                config_);
  const std::vector<PromptTask> tasks = MixedTasks();
  const Results together = RunTasks(engine, tasks);
  size_t compared = 0;
  for (const PromptTask& task : tasks) {
    for (const auto& [key, alone] : RunTasks(engine, {task})) {
      ExpectSame(alone, together.at(key));
      ++compared;
    }
  }
  EXPECT_EQ(compared, together.size());
}

TEST_F(EngineTest, AnAdapterEqualsItsMergedWeights) {
  Engine engine({}, config_);
  for (size_t i = 0; i < adapters_.size(); ++i) {
    std::vector<PromptTask> adapter, merged, base;
    for (size_t prompt = 0; prompt < 6; ++prompt) {
      PromptTask task = {.index = prompt, .prompt_ids = RandomPrompt(prompt)};
      task.weights = adapters_[i];
      adapter.push_back(task);
      task.weights = merged_[i];
      merged.push_back(task);
      task.weights = base_;
      base.push_back(task);
    }
    const Results expected = RunTasks(engine, merged), plain = RunTasks(engine, base);
    bool differs = false;
    for (const auto& [key, result] : RunTasks(engine, adapter)) {
      ExpectSame(result, expected.at(key), 1e-3f);  // merging rounds other sums
      differs = differs || result.ids != plain.at(key).ids;
    }
    EXPECT_TRUE(differs) << "the adapter must change something";
  }
}

TEST_F(EngineTest, ScoringAResponseGivesTheLogprobsOfItsGeneration) {
  Engine engine({.batch = {.max_step_rows = 10}}, config_);
  std::vector<PromptTask> tasks = MixedTasks();
  std::erase_if(tasks, [](const PromptTask& task) { return !task.forced.empty(); });
  const Results generated = RunTasks(engine, tasks);
  for (const PromptTask& task : tasks) {
    PromptTask forced = task;
    const SequenceResult& expected = generated.at({task.index, 0});
    forced.forced = expected.ids;
    const SequenceResult scored = RunTasks(engine, {forced}).at({task.index, 0});
    EXPECT_THAT(scored.model_logprobs,
                ::testing::Pointwise(::testing::FloatNear(1e-4f), expected.model_logprobs));
  }
}

TEST_F(EngineTest, ALongPromptListPassesThroughASmallBatch) {
  Engine engine({.batch = {.max_running = 2,
                           .max_batch_tokens = 160,
                           .max_step_rows = 2,
                           .max_encode_tokens = 1}},
                config_);
  EXPECT_EQ(RunTasks(engine, MixedTasks()).size(), 50u) << "9 of 32 tasks have 3 samples";
}

TEST_F(EngineTest, CancelEndsRunningAndWaitingSequences) {
  Engine engine({.batch = {.max_running = 1}, .sequence = {.max_new_tokens = 4096}}, config_);
  const SequenceLimits limits = {.max_new_tokens = 4096};
  const ServedWeights weights = {
      testing::MakeSnapshot(config_, testing::RandomWeights(config_, 11), limits), {}};
  Gathering cancelled;
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < 3; ++i) {
    tasks.push_back({.index = i,
                     .weights = weights,
                     .prompt_ids = RandomPrompt(i),
                     .sampling = {.max_new_tokens = 4096, .processors = {.min_new_tokens = 4096}}});
  }
  ASSERT_TRUE(engine.Submit(cancelled.call(), tasks).ok());
  cancelled.call()->Cancel();
  for (const auto& [key, result] : cancelled.Wait(3)) {
    EXPECT_EQ(result.status.code(), absl::StatusCode::kCancelled);
  }
  const Results after = RunTasks(
      engine,
      {{.weights = base_, .prompt_ids = RandomPrompt(1), .sampling = {.max_new_tokens = 3}}});
  EXPECT_TRUE(after.at({0, 0}).status.ok()) << "the slot is free again";
}

TEST_F(EngineTest, APassedDeadlineEndsASequence) {
  Engine engine({}, config_);
  Gathering late(SteadyNow() - absl::Seconds(1));
  ASSERT_TRUE(engine.Submit(late.call(), {{.weights = base_, .prompt_ids = RandomPrompt(1)}}).ok());
  EXPECT_EQ(late.Wait(1).at({0, 0}).status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(EngineTest, LogitsThatOverflowEndOnlyTheirOwnRequest) {
  testing::Weights broken = testing::RandomWeights(config_, 13);
  for (float& value : broken["lm_head.weight"].values) value *= 1e38f;
  const ServedWeights overflow = {testing::MakeSnapshot(config_, broken), {}};
  Engine engine({}, config_);
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < 6; ++i) {
    tasks.push_back(
        {.index = i, .weights = i % 2 == 0 ? overflow : base_, .prompt_ids = RandomPrompt(i)});
  }
  for (const auto& [key, result] : RunTasks(engine, tasks)) {
    EXPECT_EQ(result.status.code(),
              key.first % 2 == 0 ? absl::StatusCode::kInternal : absl::StatusCode::kOk);
  }
}

TEST_F(EngineTest, StoppingEndsWhatWaitsWithUnavailable) {
  Gathering gathering;
  {
    Engine engine({.batch = {.max_running = 1}}, config_);
    std::vector<PromptTask> tasks;
    for (size_t i = 0; i < 200; ++i) {
      tasks.push_back({.index = i,
                       .weights = base_,
                       .prompt_ids = RandomPrompt(i),
                       .sampling = {.max_new_tokens = 200, .processors = {.min_new_tokens = 200}}});
    }
    ASSERT_TRUE(engine.Submit(gathering.call(), tasks).ok());
  }
  size_t unavailable = 0;
  for (const auto& [key, result] : gathering.Wait(200)) {
    unavailable += absl::IsUnavailable(result.status) ? 1 : 0;
  }
  EXPECT_GT(unavailable, 0u);
}

}  // namespace
}  // namespace tact
