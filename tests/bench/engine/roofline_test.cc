#include "tests/bench/engine/roofline.h"

#include <gtest/gtest.h>

#include "tests/bench/engine/generation.h"
#include "tests/bench/engine/profile.h"

namespace tact::bench {
namespace {

// The repository's policy: 2 decoder blocks, width 128, 4 heads of 32, feed-forward 256, vocabulary
// 960.
constexpr int64_t kWidth = 128, kWide = 256, kLayers = 2, kVocabulary = 960;

BenchModel SmallModel() { return LoadBenchModel("../../../models/policy", "f32", 1).value(); }

TEST(RooflineTest, WeightsOfAStepAreThoseOfTheDecoder) {
  const int64_t layer = 6 * kWidth * kWidth + 3 * kWidth * kWide + 3 * kWidth;
  const int64_t floats = kLayers * layer + kWidth + kWidth * kVocabulary;
  EXPECT_EQ(StepWeightBytes(*SmallModel().snapshot), floats * 4);
}

TEST(RooflineTest, KeysAndValuesGrowWithSequencesAndTokens) {
  const T5Config config = SmallModel().config;
  EXPECT_EQ(StepCacheBytes(config, false, 3, 200, 6, 20), (600 + 120) * 2 * kWidth * kLayers * 4);
  EXPECT_EQ(StepCacheBytes(config, true, 3, 200, 6, 20),
            (600 * 2 + 120 * 4) * 2 * kWidth * kLayers);
}

TEST(RooflineTest, ShareIsRooflineOverStep) {
  const ProfileRow row = {.step_seconds = 0.05, .weight_bytes = 500'000'000, .bandwidth = 2e10};
  EXPECT_DOUBLE_EQ(row.roofline_seconds(), 0.025);
  EXPECT_DOUBLE_EQ(row.share(), 0.5);
}

TEST(ProfileTest, PartsSumToTheStepAndEveryStepIsCounted) {
  const BenchModel model = SmallModel();
  const GenerationCase work = {.work = "p", .batch = 3, .prompt_tokens = 20, .new_tokens = 5};
  const auto rows = ProfileSteps(model, std::span(&work, 1), {.warm_up = 1, .count = 2}, 1e10);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const ProfileRow& row = rows->at(0);
  EXPECT_EQ(row.steps, 10);
  double sum = 0;
  for (const auto& [name, seconds] : row.parts) {
    EXPECT_GT(seconds, 0) << name;
    sum += seconds;
  }
  EXPECT_DOUBLE_EQ(sum, row.step_seconds);
  EXPECT_GT(row.encode_seconds, 0);
}

}  // namespace
}  // namespace tact::bench
