// What the engine tells of itself: metrics of its steps, and whether it makes any.
#include "services/policy/engine/engine_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/synchronization/notification.h"
#include "common/base/metrics.h"
#include "services/policy/engine/engine.h"
#include "services/policy/testing/run_tasks.h"
#include "services/policy/testing/tiny_model.h"
#include "services/policy/warm_up.h"

namespace tact {
namespace {

// Of a line of the exported text; -1 where there is none.
double ValueOf(const std::string& series) {
  const std::string text = "\n" + MetricsText();
  const size_t at = text.find("\n" + series + " ");
  double value = -1;
  if (at == text.npos) return value;
  const size_t from = at + series.size() + 2;
  return absl::SimpleAtod(text.substr(from, text.find('\n', from) - from), &value) ? value : -1;
}

ServedWeights TinyWeights(const T5Config& config) {
  return {testing::MakeSnapshot(config, testing::RandomWeights(config, 3)), nullptr};
}

TEST(EngineMetricsTest, InterTokenLatencyCountsContinuedTokensOnly) {
  EngineMetrics metrics({}, 40);
  const double before = std::max(0.0, ValueOf("tact_policy_inter_token_seconds_count"));
  const double sum = std::max(0.0, ValueOf("tact_policy_inter_token_seconds_sum"));
  const absl::Time start = absl::FromUnixSeconds(1000);
  const auto at = [&](int ms) { return start + absl::Milliseconds(ms); };
  metrics.Stepped({.sequences = 3, .generated = 3}, at(0), at(10));
  EXPECT_EQ(ValueOf("tact_policy_inter_token_seconds_count") - before, 0);
  metrics.Stepped({.sequences = 4, .generated = 4, .continued = 3}, at(15), at(40));
  EXPECT_EQ(ValueOf("tact_policy_inter_token_seconds_count") - before, 3);
  EXPECT_NEAR(ValueOf("tact_policy_inter_token_seconds_sum") - sum, 3 * 0.030, 1e-9);
  EXPECT_EQ(ValueOf("tact_policy_inter_token_seconds_bucket{le=\"0.05\"}") -
                ValueOf("tact_policy_inter_token_seconds_bucket{le=\"0.02\"}"),
            3);
  metrics.Stepped({.sequences = 1, .generated = 1, .continued = 1}, at(30), at(39));
  EXPECT_EQ(ValueOf("tact_policy_inter_token_seconds_count") - before, 3)
      << "a clock that went back";
}

TEST(EngineMetricsTest, LimitsAndTokensOfPromptsAreTold) {
  const T5Config config = testing::TinyConfig();
  EngineOptions options;
  options.batch = {.max_running = 8, .max_batch_tokens = 500};
  options.max_waiting = 33;
  options.sequence = {.max_prompt_tokens = 64, .max_new_tokens = 8};
  Engine engine(options, config);
  EXPECT_EQ(ValueOf("tact_policy_waiting_prompts_limit"), 33);
  EXPECT_EQ(ValueOf("tact_policy_kv_slots"), 8);
  EXPECT_EQ(ValueOf("tact_policy_prompt_cache_tokens_limit"), 500);
  const double prompts = ValueOf("tact_policy_prompt_tokens_total");
  const double steps = ValueOf("tact_policy_step_seconds_count");
  PromptTask task = {.weights = TinyWeights(config), .prompt_ids = {5, 6, 7, 1}};
  task.sampling.max_new_tokens = 3;
  testing::RunTasks(engine, {task});
  EXPECT_EQ(ValueOf("tact_policy_prompt_tokens_total") - prompts, 4);
  EXPECT_GE(ValueOf("tact_policy_step_seconds_count") - steps, 1);
}

// A callback that does not return is an engine that hangs.
TEST(EnginePulseTest, AStepThatHangsIsBusyWithoutProgress) {
  const T5Config config = testing::TinyConfig();
  Engine engine({}, config);
  EXPECT_FALSE(engine.pulse().busy);
  absl::Notification hangs, go_on;
  PromptTask task = {.weights = TinyWeights(config), .prompt_ids = {5, 6, 7, 1}};
  task.sampling.max_new_tokens = 3;
  task.sampling.processors.min_new_tokens = 3;
  task.stop = [&](std::span<const int32_t>) {
    if (!hangs.HasBeenNotified()) hangs.Notify();
    go_on.WaitForNotification();
    return false;
  };
  testing::Gathering gathering;
  ASSERT_TRUE(engine.Submit(gathering.call(), {task}).ok());
  hangs.WaitForNotification();
  const Pulse stuck = engine.pulse();
  EXPECT_TRUE(stuck.busy);
  EXPECT_EQ(engine.pulse().steps, stuck.steps);
  go_on.Notify();
  gathering.Wait(1);
  while (engine.pulse().busy) std::this_thread::yield();
  EXPECT_GT(engine.pulse().steps, stuck.steps);
}

TEST(WarmUpTest, RunsOnceThroughTheEngine) {
  const T5Config config = testing::TinyConfig();
  Engine engine({}, config);
  EXPECT_TRUE(WarmUp(engine, TinyWeights(config)).ok());
  while (engine.pulse().busy) std::this_thread::yield();
  EXPECT_GE(engine.pulse().steps, 1u);
}

TEST(WarmUpTest, FitsTheSmallestLimits) {
  const T5Config config = testing::TinyConfig();
  EngineOptions options;
  options.sequence = {.max_prompt_tokens = 1, .max_new_tokens = 1};
  options.batch = {.max_running = 1, .max_batch_tokens = 1};
  Engine engine(options, config);
  EXPECT_TRUE(WarmUp(engine, TinyWeights(config)).ok());
}

// NaN weights: it must not say that it is ready.
TEST(WarmUpTest, AnEngineThatCannotDecodeIsAnError) {
  const T5Config config = testing::TinyConfig();
  testing::Weights weights = testing::RandomWeights(config, 3);
  // Finite, as a checkpoint's must be, and too large for logits.
  for (float& value : weights.at("lm_head.weight").values) value = 3e38f;
  Engine engine({}, config);
  const absl::Status status = WarmUp(engine, {testing::MakeSnapshot(config, weights), nullptr});
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace tact
