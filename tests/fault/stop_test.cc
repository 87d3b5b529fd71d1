// SIGTERM of a trainer: a checkpoint, an end within the grace period, and nothing lost.
#include <signal.h>

#include "common/base/clock.h"
#include "tests/fault/fleet_test.h"

namespace tact::testing {
namespace {

using ::testing::HasSubstr;

class StopTest : public FleetTest {
 protected:
  // SIGTERM; the exit code. It must come within `seconds`.
  int StopTrainer(double seconds = 20) {
    fleet_->trainer().Signal(SIGTERM);
    const std::optional<int> code = fleet_->trainer().Wait(seconds);
    EXPECT_TRUE(code.has_value()) << "still runs after " << seconds << " s";
    return code.value_or(-1);
  }

  void ExpectToGoOn() {
    ASSERT_TRUE(fleet_->trainer().Start()) << fleet_->Logs();
    ExpectSuccess();
  }
};

TEST_F(StopTest, APpoJobGoesOnFromTheStepThatItHadFinished) {
  StartWith({}, 40, [](v1::JobSpec& spec) { spec.set_checkpoint_steps(1000); });
  ASSERT_TRUE(fleet_->WaitForStep(job_, 3));
  EXPECT_EQ(StopTrainer(), 0) << fleet_->Logs();
  ASSERT_TRUE(fleet_->trainer().Start());
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_SUCCEEDED)) << fleet_->Logs();
  EXPECT_EQ(Steps().size(), 40u) << "no step was made twice";
}

TEST_F(StopTest, ASupervisedJobToo) {
  StartWith({}, 1);
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_LORA);
  spec.set_base_model("policy");
  spec.set_dataset_id(dataset_);
  spec.set_checkpoint_steps(1000);
  spec.mutable_supervised()->set_max_steps(300);
  spec.mutable_supervised()->set_batch_size(2);
  job_ = fleet_->Create(spec).id();
  ASSERT_TRUE(fleet_->WaitForStep(job_, 5));
  EXPECT_EQ(StopTrainer(), 0) << fleet_->Logs();
  ASSERT_TRUE(fleet_->trainer().Start());
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_SUCCEEDED)) << fleet_->Logs();
  uint32_t last = 0;
  for (const v1::StepMetrics& step : Steps()) {
    EXPECT_GT(step.step(), last);
    last = step.step();
  }
}

TEST_F(StopTest, AJobThatWaitsDoesNotHoldTheTrainerUp) {
  StartWith({}, 40);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  for (size_t i : {0, 1}) fleet_->reward(i).Kill();
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING));
  EXPECT_EQ(StopTrainer(), 0) << fleet_->Logs();
  for (size_t i : {0, 1}) ASSERT_TRUE(fleet_->reward(i).Start());
  ExpectToGoOn();
}

TEST_F(StopTest, NorDoReplicasThatAnswerNothing) {
  StartWith({}, 40);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  for (size_t i : {0, 1}) fleet_->policy(i).proxy().Set(Wire::kBlackHole);
  EXPECT_EQ(StopTrainer(), 0) << fleet_->Logs();
  for (size_t i : {0, 1}) fleet_->policy(i).proxy().Set(Wire::kPass);
  ExpectToGoOn();
}

TEST_F(StopTest, AStepThatOutlivesTheGracePeriodIsGivenUp) {
  FleetOptions options;
  options.trainer_arguments = {"--drain-seconds", "0.3"};
  StartWith(options, 2, [](v1::JobSpec& spec) {
    spec.mutable_ppo()->set_batch_size(64);
    spec.mutable_ppo()->set_mini_batch_size(64);
    spec.mutable_ppo()->set_ppo_epochs(20);
  });
  ASSERT_TRUE(WaitFor([&] { return fleet_->VersionOf(0, "tuned") > 0; }, 60));
  EXPECT_EQ(StopTrainer(), 0) << fleet_->Logs();
  EXPECT_EQ(fleet_->trainer().life(), 1);
  ExpectToGoOn();
}

}  // namespace
}  // namespace tact::testing
