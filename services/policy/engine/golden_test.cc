// The engine against transformers (testdata/make_golden.py): buckets, greedy ids, logprobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/model/config.h"
#include "common/model/safetensors.h"
#include "services/policy/engine/position_bias.h"
#include "services/policy/testing/run_tasks.h"

namespace tact {
namespace {

using testing::RunTasks;

nlohmann::json ReadJson(const std::string& path) {
  return nlohmann::json::parse(ReadFile(path).value());
}

TEST(PositionBucketTest, EqualsTheReferenceAtEveryDistance) {
  const nlohmann::json golden = ReadJson("testdata/buckets.json");
  for (const bool bidirectional : {true, false}) {
    int64_t relative = golden["first"];
    for (const int64_t expected : golden[bidirectional ? "encoder" : "decoder"]) {
      EXPECT_EQ(RelativeBucket(relative, {32, 128, bidirectional}), expected) << relative;
      ++relative;
    }
  }
}

class GoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string folder = std::string("testdata/") + GetParam();
    config_ = T5Config::Load(folder).value();
    const Checkpoint checkpoint = Checkpoint::Open(folder).value();
    weights_.snapshot = BuildSnapshot(config_, TensorSource(checkpoint), {}).value();
    cases_ = ReadJson(folder + "/golden.json")["cases"];
  }

  void ExpectCase(size_t index, const SequenceResult& result) const {
    const nlohmann::json& expected = cases_[index];
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.ids, expected["response"].get<std::vector<int32_t>>());
    const auto logprobs = expected["logprobs"].get<std::vector<float>>();
    EXPECT_THAT(result.model_logprobs, ::testing::Pointwise(::testing::FloatNear(1e-4f), logprobs));
  }

  T5Config config_;
  ServedWeights weights_;
  nlohmann::json cases_;
};

TEST_P(GoldenTest, GreedyEqualsTheReferenceAloneAndTogether) {
  Engine engine({}, config_);
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < cases_.size(); ++i) {
    tasks.push_back({.index = i,
                     .weights = weights_,
                     .prompt_ids = cases_[i]["prompt"],
                     .sampling = {.max_new_tokens = 24}});
    ExpectCase(i, RunTasks(engine, {tasks.back()}).at({i, 0}));
  }
  for (const auto& [key, result] : RunTasks(engine, tasks)) ExpectCase(key.first, result);
}

TEST_P(GoldenTest, TeacherForcingGivesTheReferencesLogprobs) {
  Engine engine({.batch = {.max_step_rows = 40}}, config_);
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < cases_.size(); ++i) {
    tasks.push_back({.index = i,
                     .weights = weights_,
                     .prompt_ids = cases_[i]["prompt"],
                     .forced = cases_[i]["response"]});
  }
  for (const auto& [key, result] : RunTasks(engine, tasks)) ExpectCase(key.first, result);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenTest, ::testing::Values("relu_tied", "gated_untied"));

}  // namespace
}  // namespace tact
