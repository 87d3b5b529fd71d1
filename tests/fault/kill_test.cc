// kill -9 during PPO: the other services stay up, the job goes on to its end, and nothing that was
// acknowledged is lost.
#include <gmock/gmock.h>
#include <signal.h>

#include <map>

#include "tests/integration/cluster.h"

namespace tact::testing {
namespace {

constexpr const char* kNames[] = {"policy", "reward", "trainer", "evaluation"};
constexpr int kSteps = 8;

class FaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Started()) << cluster_.Logs();
    evaluation_ = Evaluate();
    ppo_ = Create({"ppo", "--name", "detox", "--steps", std::to_string(kSteps), "--batch-size", "8",
                   "--mini-batch-size", "4", "--max-new-tokens", "24", "--checkpoint-steps", "2"});
    queued_ = Create({"lora", "--name", "next", "--max-steps", "2", "--batch-size", "2"});
    ASSERT_FALSE(ppo_.empty()) << cluster_.Logs();
    ASSERT_FALSE(queued_.empty()) << cluster_.Logs();
    ASSERT_TRUE(WaitFor([this] { return StepOf(ppo_) >= 2; }, 120)) << cluster_.Logs();
  }

  std::string Create(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "train");
    const std::string data = cluster_.Head("sft_train.jsonl", 40);
    arguments.insert(arguments.end(), {"--base-model", "policy", "--dataset", data, "--no-follow"});
    const auto created = cluster_.Json(arguments);
    return created.is_object() ? created["job"].value("id", "") : "";
  }

  std::string Evaluate() {
    const std::string file = (cluster_.folder() / "eval.id").string();
    cluster_.Tactctl({"eval", "--dataset", cluster_.Head("test.jsonl", 4), "--id-file", file,
                      "--max-new-tokens", "16"});
    const std::string ids = ReadAll(file);
    return ids.substr(0, ids.find('\n'));
  }

  int StepOf(const std::string& id) {
    const auto job = cluster_.Job(id);
    return job.is_object() ? job["step"].get<int>() : -1;
  }

  // True once the job has ended or gone wrong. A job that waits must say why.
  bool HasEnded(const std::string& id) {
    const auto job = cluster_.Job(id);
    const std::string state = StateOf(job);
    EXPECT_NE(state, "JOB_STATE_FAILED") << job.dump();
    EXPECT_NE(state, "JOB_STATE_CANCELLED") << job.dump();
    if (state == "JOB_STATE_WAITING") {
      EXPECT_NE(job.value("message", ""), "");
    }
    return state == "JOB_STATE_SUCCEEDED" || state == "JOB_STATE_FAILED" ||
           state == "JOB_STATE_CANCELLED";
  }

  bool EndsWell(const std::string& id) {
    return WaitFor([&] { return HasEnded(id); }, 180) &&
           StateOf(cluster_.Job(id)) == "JOB_STATE_SUCCEEDED";
  }

  void ExpectNothingLost() {
    EXPECT_TRUE(EndsWell(ppo_)) << cluster_.Logs();
    EXPECT_EQ(StepOf(ppo_), kSteps);
    EXPECT_TRUE(EndsWell(queued_)) << cluster_.Logs();
    ASSERT_TRUE(cluster_.WaitUntilServing()) << cluster_.Logs();
    EXPECT_EQ(cluster_.Tactctl({"compare", evaluation_, evaluation_}).code, 0);
    EXPECT_EQ(cluster_.Tactctl({"generate", "#Person1#: Hi Ann.", "--model", "detox"}).code, 0);
  }

  TestCluster cluster_;
  std::string evaluation_, ppo_, queued_;
};

class KillTest : public FaultTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(KillTest, TheOthersStayUpAndTheJobsEndWell) {
  std::map<std::string, pid_t> before;
  for (const std::string name : kNames) before[name] = cluster_.PidOf(name);
  cluster_.Kill(GetParam(), SIGKILL);
  EXPECT_TRUE(WaitFor([&] { return cluster_.PidOf(GetParam()) != before[GetParam()]; }, 30));
  ExpectNothingLost();
  for (const std::string name : kNames) {
    if (name == GetParam()) continue;
    EXPECT_EQ(cluster_.PidOf(name), before[name]) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Services, KillTest,
                         ::testing::Values("policy", "reward", "trainer", "evaluation"),
                         [](const auto& info) { return info.param; });

TEST_F(FaultTest, EverythingKilledAtOnceGoesOnAfterTheNextStart) {
  cluster_.KillAll();
  ASSERT_TRUE(cluster_.StartAgain()) << cluster_.Logs();
  ExpectNothingLost();
}

}  // namespace
}  // namespace tact::testing
