// Ranks as real processes: a lost one is named and stops the others within 30 s, and the job goes
// on from its checkpoint with the same or another number of ranks.
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "services/tactctl/testing/subprocess.h"
#include "services/trainer/testing/thread_ranks.h"

namespace tact::testing {
namespace {

using ::testing::HasSubstr;

constexpr double kNoticed = 30;

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
    ranks_[rank] = std::make_unique<Background>(
        std::vector<std::string>{
            "/usr/bin/env", "RANK=" + std::to_string(rank), "WORLD_SIZE=" + std::to_string(world),
            "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port_), Binary("tact-trainer"),
            "--address", "127.0.0.1:" + std::to_string(grpc_port_), "--http-address", "127.0.0.1:0",
            "--models-root", (SourceDir() / "models").string(), "--data-dir",
            (folder_.path() / "data").string(), "--threads", "1"},
        file(".out"), file(".err"));
  }

  void StartAll(int world) {
    for (int rank = 0; rank < world; ++rank) Start(rank, world);
  }

  Finished Tactctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {Binary("tactctl"), "--trainer",
                                         "127.0.0.1:" + std::to_string(grpc_port_), "-o", "json"});
    return RunProgram(arguments, 60);
  }

  nlohmann::json Job() const {
    return nlohmann::json::parse(Tactctl({"jobs", "get", job_}).out, nullptr, false);
  }

  void Create(int steps) {
    ASSERT_TRUE(WaitFor(
        [&] {
          const auto created = nlohmann::json::parse(
              Tactctl({"train", "lora", "--base-model", "policy", "--dataset",
                       (SourceDir() / "datasets" / "sft_train.jsonl").string(), "--max-steps",
                       std::to_string(steps), "--batch-size", "5", "--checkpoint-steps", "5",
                       "--no-follow"})
                  .out,
              nullptr, false);
          if (created.is_object() && created.contains("job")) job_ = created["job"].value("id", "");
          return !job_.empty();
        },
        60))
        << Logs();
  }

  int Step() const {
    const auto job = Job();
    return job.is_object() ? job.value("step", -1) : -1;
  }
  bool Reaches(int step) const {
    return WaitFor([&] { return Step() >= step; }, 120);
  }
  bool EndsWell() const {
    return WaitFor([&] { return StateOf(Job()) == "JOB_STATE_SUCCEEDED"; }, 180);
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
  std::string job_;
  int started_ = 0;
};

TEST_F(RanksTest, AKilledWorkerIsNamedAndItsJobGoesOnWhenItIsBack) {
  StartAll(3);
  Create(120);
  ASSERT_TRUE(Reaches(20)) << Logs();
  EXPECT_EQ(Job().value("world_size", 0), 3);
  ranks_[1]->Signal(SIGKILL);
  EXPECT_TRUE(Waits("rank 1 of 3 was lost")) << Job().dump() << Logs();
  EXPECT_THAT(Job().value("message", ""), HasSubstr("from the checkpoint of step"));
  EXPECT_EQ(ranks_[2]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[2]->err(), HasSubstr("rank 1 of 3 was lost"));
  Start(1, 3);
  Start(2, 3);
  EXPECT_TRUE(EndsWell()) << Job().dump() << Logs();
}

TEST_F(RanksTest, AWorkerThatHangsIsNoticed) {
  StartAll(2);
  Create(120);
  ASSERT_TRUE(Reaches(20)) << Logs();
  ranks_[1]->Signal(SIGSTOP);
  EXPECT_TRUE(Waits("rank 1 of 2 was lost")) << Job().dump() << Logs();
  ranks_[1]->Signal(SIGCONT);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  Start(1, 2);
  EXPECT_TRUE(EndsWell()) << Job().dump() << Logs();
}

TEST_F(RanksTest, WithoutRankZeroTheOthersEndAndAnotherWorldSizeGoesOn) {
  StartAll(2);
  Create(120);
  ASSERT_TRUE(Reaches(20)) << Logs();
  ranks_[0]->Signal(SIGKILL);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[1]->err(), HasSubstr("rank 0 at 127.0.0.1"));
  ranks_.clear();
  Start(0, 1);
  ASSERT_TRUE(EndsWell()) << Job().dump() << Logs();
  EXPECT_EQ(Step(), 120);
}

TEST_F(RanksTest, AHungRankZeroEndsTheOthers) {
  StartAll(2);
  Create(120);
  ASSERT_TRUE(Reaches(20)) << Logs();
  ranks_[0]->Signal(SIGSTOP);
  EXPECT_EQ(ranks_[1]->Wait(kNoticed), 1) << Logs();
  EXPECT_THAT(ranks_[1]->err(), HasSubstr("rank 0"));
}

}  // namespace
}  // namespace tact::testing
