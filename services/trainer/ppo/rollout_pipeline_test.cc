#include "services/trainer/ppo/rollout_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MadeBatch BatchOf(uint32_t step) {
  MadeBatch batch;
  batch.step = step;
  v1::Rollout& rollout = batch.rollouts.emplace_back();
  rollout.set_text("caf\xc3\xa9");
  rollout.add_token_ids(5);
  rollout.add_logprobs(-1.1f / 3);
  rollout.set_weight_version(9);
  batch.rollouts.push_back(rollout);
  batch.scores = {0.1 + 0.2, std::nullopt};
  batch.made_at = {3, 4};
  return batch;
}

RetryHooks NeverStops() {
  return {[] { return absl::OkStatus(); }, [](std::string_view) { return absl::OkStatus(); }};
}

TEST(RolloutBatchTest, JsonKeepsEveryBit) {
  const MadeBatch batch = BatchOf(6);
  const auto text = nlohmann::json::parse(ToJson(batch).dump());
  const MadeBatch back = MadeBatchFromJson(text).value();
  EXPECT_EQ(back.step, 6u);
  EXPECT_EQ(back.rollouts[0].SerializeAsString(), batch.rollouts[0].SerializeAsString());
  EXPECT_EQ(back.scores, batch.scores);
  EXPECT_EQ(back.made_at, batch.made_at);
  for (const char* damaged : {"{}", R"({"rollouts":["%%"],"scores":[1],"made_at":[1]})",
                              R"({"rollouts":[""],"scores":[],"made_at":[1]})"}) {
    EXPECT_TRUE(absl::IsDataLoss(MadeBatchFromJson(nlohmann::json::parse(damaged)).status()));
  }
}

TEST(RolloutPipelineTest, MakesInOrderAndGivesEachOnce) {
  std::vector<uint32_t> made;
  RolloutPipeline pipeline(
      [&](const BatchOrder& order, const RetryHooks&) {
        made.push_back(order.step);
        return BatchOf(order.step);
      },
      1);
  for (uint32_t step : {0, 1, 2}) pipeline.Order({step, 1, {}});
  pipeline.Put(BatchOf(3));
  EXPECT_EQ(pipeline.Take(1, NeverStops())->step, 1u);
  EXPECT_EQ(pipeline.Take(3, NeverStops())->step, 3u);
  EXPECT_FALSE(pipeline.Has(1));
  EXPECT_TRUE(pipeline.Has(2));
  const auto rest = pipeline.Finish(2, NeverStops()).value();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].step, 0u);
  EXPECT_EQ(pipeline.Take(0, NeverStops())->step, 0u);
  EXPECT_EQ(pipeline.Take(2, NeverStops())->step, 2u);
  EXPECT_THAT(made, ElementsAre(0, 1, 2));
}

TEST(RolloutPipelineTest, AnErrorOfTheMakingReachesWhoTakes) {
  RolloutPipeline pipeline(
      [](const BatchOrder&, const RetryHooks&) -> absl::StatusOr<MadeBatch> {
        return absl::InvalidArgumentError("no such label");
      },
      1);
  pipeline.Order({0, 1, {}});
  EXPECT_THAT(std::string(pipeline.Take(0, NeverStops()).status().message()),
              HasSubstr("no such label"));
}

TEST(RolloutPipelineTest, WhoWaitsHearsWhyAndMayStop) {
  RolloutPipeline pipeline(
      [](const BatchOrder&, const RetryHooks& hooks) -> absl::StatusOr<MadeBatch> {
        EXPECT_TRUE(hooks.report("waits for the policy").ok());
        while (hooks.check().ok()) absl::SleepFor(absl::Milliseconds(5));
        return hooks.check();
      },
      2);
  pipeline.Order({0, 1, {}});
  std::string heard;
  const RetryHooks hooks = {
      [&] { return heard.empty() ? absl::OkStatus() : absl::AbortedError("stop"); },
      [&](std::string_view why) {
        heard = std::string(why);
        return absl::OkStatus();
      }};
  EXPECT_TRUE(absl::IsAborted(pipeline.Take(0, hooks).status()));
  EXPECT_EQ(heard, "waits for the policy");
}

}  // namespace
}  // namespace tact
