// Ranks as real processes: a lost one is named and stops the others within 30 s, and the job goes
// on from its checkpoint with the same or another number of ranks.
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "services/tactctl/testing/subprocess.h"
#include "services/trainer/testing/thread_ranks.h"
#include "tests/fault/fleet.h"

namespace tact::testing {
namespace {

using ::testing::HasSubstr;

constexpr double kNoticed = 30;
constexpr int kSteps = 40;

std::string StateOf(const nlohmann::json& job) {
  return job.is_object() ? job.value("state", "") : "";
}

class RanksTest : public ::testing::Test {
 protected:
  ~RanksTest() override {
    for (auto& [rank, process] : ranks_) process->Signal(SIGCONT);
  }

  // Ranks are started through env, which sets what torchrun would.
  void Start(int rank, int world) {
    const std::string name = "rank" + std::to_string(rank) + "-" + std::to_string(++started_);
    const auto file = [&](const char* end) { return folder_.path() / (name + end); };
    std::vector<std::string> command = {"/usr/bin/env",
                                        "RANK=" + std::to_string(rank),
                                        "WORLD_SIZE=" + std::to_string(world),
                                        "MASTER_ADDR=127.0.0.1",
                                        "MASTER_PORT=" + std::to_string(port_),
                                        Binary("tact-trainer"),
                                        "--address",
                                        "127.0.0.1:" + std::to_string(grpc_port_),
                                        "--http-address",
                                        "127.0.0.1:0",
                                        "--models-root",
                                        (SourceDir() / "models").string(),
                                        "--data-dir",
                                        (folder_.path() / "data").string(),
                                        "--threads",
                                        "1"};
    command.insert(command.end(), services_.begin(), services_.end());
    ranks_[rank] = std::make_unique<Background>(command, file(".out"), file(".err"));
  }

  void StartAll(int world) {
    world_ = world;
    for (int rank = 0; rank < world; ++rank) Start(rank, world);
  }

  // As a launcher does: a machine under load may take a slow worker for a lost one.
  void RestartEndedWorkers() {
    for (int rank = 1; rank < world_; ++rank) {
      if (ranks_[rank]->Wait(0)) Start(rank, world_);
    }
  }

  Finished Tactctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {Binary("tactctl"), "--trainer",
                                         "127.0.0.1:" + std::to_string(grpc_port_), "-o", "json"});
    return RunProgram(arguments, 60);
  }

  nlohmann::json Job() const {
    return nlohmann::json::parse(Tactctl({"jobs", "get", job_}).out, nullptr, false);
  }

  std::string TryCreate(std::vector<std::string> arguments) const {
    const auto data = SourceDir() / "datasets" / "sft_train.jsonl";
    arguments.insert(arguments.begin(), "train");
    arguments.insert(arguments.end(),
                     {"--base-model", "policy", "--dataset", data.string(), "--no-follow"});
    const auto created = nlohmann::json::parse(Tactctl(arguments).out, nullptr, false);
    return created.is_object() && created.contains("job") ? created["job"].value("id", "") : "";
  }

  void Create(const std::vector<std::string>& arguments) {
    ASSERT_TRUE(WaitFor(
        [&] {
          job_ = TryCreate(arguments);
          return !job_.empty();
        },
        60))
        << Logs();
  }
  void CreateLora() {
    Create({"lora", "--max-steps", std::to_string(kSteps), "--batch-size", "5",
            "--checkpoint-steps", "2"});
  }

  // Looks for the checkpoint's folder: that costs less than asking.
  bool Reaches(int step) {
    char name[16];
    std::snprintf(name, sizeof name, "step-%08d", step);
    return WaitFor(
        [&] {
          RestartEndedWorkers();
          return std::filesystem::exists(folder_.path() / "data" / "checkpoints" / job_ / name);
        },
        120);
  }
  bool EndsWell() {
    return WaitFor(
        [&] {
          RestartEndedWorkers();
          return StateOf(Job()) == "JOB_STATE_SUCCEEDED";
        },
        180);
  }
  bool Waits(const std::string& why) const {
    return WaitFor(
        [&] {
          const auto job = Job();
          return StateOf(job) == "JOB_STATE_WAITING" &&
                 job.value("message", "").find(why) != std::string::npos;
        },
        kNoticed);
  }
  std::string Logs() const {
    std::string out;
    for (const auto& [rank, process] : ranks_) {
      out += "\nrank " + std::to_string(rank) + ":\n" + process->out() + process->err();
    }
    return out;
  }

  TempFolder folder_;
  const uint16_t port_ = FreePort(), grpc_port_ = FreePort();
  std::map<int, std::unique_ptr<Background>> ranks_;
  std::vector<std::string> services_;  // flags of the trainer that name them
  std::string job_;
  int started_ = 0, world_ = 1;
};

TEST_F(RanksTest, AKilledWorkerIsNamedAndItsJobGoesOnWhenItIsBack) {
  StartAll(3);
  CreateLora();
  ASSERT_TRUE(Reaches(4)) << Logs();
  EXPECT_EQ(Job().value("world_size", 0), 3);
  ranks_[1]->Signal(SIGKILL);
  EXPECT_TRUE(Waits("rank 1 of 3 was lost")) << Job().dump() << Logs();
  EXPECT_THAT(Job().value("message", ""), HasSubstr("from the checkpoint of step"));
  EXPECT_EQ(ranks_[2]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[2]->err(), HasSubstr("rank 1 of 3 was lost"));
  EXPECT_TRUE(EndsWell()) << Job().dump() << Logs();
}

TEST_F(RanksTest, AWorkerThatHangsIsNoticed) {
  StartAll(2);
  CreateLora();
  ASSERT_TRUE(Reaches(4)) << Logs();
  ranks_[1]->Signal(SIGSTOP);
  EXPECT_TRUE(Waits("rank 1 of 2 was lost")) << Job().dump() << Logs();
  ranks_[1]->Signal(SIGCONT);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  EXPECT_TRUE(EndsWell()) << Job().dump() << Logs();
}

TEST_F(RanksTest, WithoutRankZeroTheOthersEndAndAnotherWorldSizeGoesOn) {
  StartAll(2);
  CreateLora();
  ASSERT_TRUE(Reaches(4)) << Logs();
  ranks_[0]->Signal(SIGKILL);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[1]->err(), HasSubstr("rank 0 at 127.0.0.1"));
  ranks_.clear();
  StartAll(1);
  ASSERT_TRUE(EndsWell()) << Job().dump() << Logs();
  EXPECT_EQ(Job().value("step", 0), kSteps);
}

TEST_F(RanksTest, AHungRankZeroEndsTheOthers) {
  StartAll(2);
  CreateLora();
  ASSERT_TRUE(Reaches(4)) << Logs();
  ranks_[0]->Signal(SIGSTOP);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[1]->err(), HasSubstr("rank 0"));
}

TEST_F(RanksTest, PpoOfRealServicesGoesOnWithMoreRanksThanBefore) {
  const auto models = (SourceDir() / "models").string();
  Service policy("policy", {Binary("tact-policy"), "--model", models + "/policy"}, folder_.path());
  Service reward("reward", {Binary("tact-reward"), "--model", models + "/reward"}, folder_.path());
  ASSERT_TRUE(policy.Start() && reward.Start()) << policy.Log() << reward.Log();
  services_ = {"--policy", policy.address(), "--reward", reward.address()};
  StartAll(1);
  Create({"ppo", "--name", "tuned", "--steps", "8", "--batch-size", "4", "--mini-batch-size", "2",
          "--max-new-tokens", "8", "--checkpoint-steps", "1"});
  ASSERT_TRUE(Reaches(2)) << Logs();
  ranks_[0]->Signal(SIGKILL);
  ranks_[0]->Wait(kNoticed);
  StartAll(2);
  ASSERT_TRUE(EndsWell()) << Job().dump() << Logs();
  EXPECT_EQ(Job().value("step", 0), 8);
  EXPECT_EQ(Job().value("world_size", 0), 2);
}

}  // namespace
}  // namespace tact::testing
