// Reward replicas that are down, slow, or fail items: what the owner of a PPO job sees.
#include <signal.h>

#include <cmath>

#include "tests/fault/faulty_reward.h"
#include "tests/fault/fleet_test.h"

namespace tact::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RewardFaultTest : public FleetTest {
 protected:
  FleetOptions BothInHere() {
    FleetOptions options;
    options.policies = 1;
    options.reward_addresses = {first_.address(), second_.address()};
    return options;
  }

  uint32_t Sum(uint32_t (v1::StepMetrics::*number)() const) {
    uint32_t sum = 0;
    for (const v1::StepMetrics& step : Steps()) sum += (step.*number)();
    return sum;
  }

  FaultyReward first_, second_;
};

TEST_F(RewardFaultTest, OneReplicaDownIsNotFelt) {
  first_.Set(RewardFault::kDown);
  StartWith(BothInHere(), 3);
  ExpectSuccess();
  EXPECT_THAT(Waits(), IsEmpty());
  EXPECT_EQ(second_.scored(), 3 * 4) << "each rollout is scored once";
  EXPECT_GT(Sum(&v1::StepMetrics::retried_scores), 0u);
  EXPECT_EQ(Sum(&v1::StepMetrics::dropped_rollouts), 0u);
}

TEST_F(RewardFaultTest, ItemsThatOneReplicaFailsAreScoredByTheOther) {
  first_.Set(RewardFault::kSomeItems);
  StartWith(BothInHere(), 4);
  ExpectSuccess();
  EXPECT_EQ(first_.scored() + second_.scored(), 4 * 4);
  EXPECT_GT(Sum(&v1::StepMetrics::retried_scores), 0u);
  EXPECT_EQ(Sum(&v1::StepMetrics::dropped_rollouts), 0u);
}

TEST_F(RewardFaultTest, ANanIsNoScoreAndItsRolloutIsDropped) {
  first_.Set(RewardFault::kSomeNan);
  second_.Set(RewardFault::kDown);
  StartWith(BothInHere(), 4);
  ExpectSuccess();
  for (const v1::StepMetrics& step : Steps()) {
    EXPECT_TRUE(std::isfinite(step.reward_mean()));
    EXPECT_LT(step.dropped_rollouts(), 4u);
  }
}

TEST_F(RewardFaultTest, AllDownPausesTheJobAndItGoesOnByItself) {
  StartWith(BothInHere(), 60);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  first_.Set(RewardFault::kDown);
  second_.Set(RewardFault::kDown);
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING));
  EXPECT_THAT(fleet_->Get(job_).message(), HasSubstr("tact-reward at 127.0.0.1:"));
  first_.Set(RewardFault::kNone);
  ExpectSuccess();
}

TEST_F(RewardFaultTest, NoScoreAtAllIsAWaitAndNeverARewardOfZero) {
  StartWith(BothInHere(), 60);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  first_.Set(RewardFault::kAllItems);
  second_.Set(RewardFault::kNan);
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING));
  first_.Set(RewardFault::kNone);
  second_.Set(RewardFault::kNone);
  ExpectSuccess();
  for (const v1::StepMetrics& step : Steps()) EXPECT_GT(step.reward_mean(), 0);
}

TEST_F(RewardFaultTest, AProcessThatIsStoppedIsLeftForTheOther) {
  FleetOptions options;
  options.policies = 1;
  StartWith(options, 40);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  fleet_->reward(0).Signal(SIGSTOP);
  ExpectSuccess();
  fleet_->reward(0).Signal(SIGCONT);
  EXPECT_THAT(Waits(), IsEmpty());
}

TEST_F(RewardFaultTest, AProcessThatIsKilledIsLeftForTheOther) {
  FleetOptions options;
  options.policies = 1;
  StartWith(options, 30);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  fleet_->reward(0).Kill();
  ASSERT_TRUE(fleet_->WaitForStep(job_, 10));
  fleet_->reward(1).Kill();
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING));
  ASSERT_TRUE(fleet_->reward(0).Start());
  ExpectSuccess();
}

TEST_F(RewardFaultTest, SilentConnectionsToAllAreAWait) {
  FleetOptions options;
  options.policies = 1;
  options.rewards = 1;
  StartWith(options, 40);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  fleet_->reward(0).proxy().Set(Wire::kBlackHole);
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING));
  fleet_->reward(0).proxy().Set(Wire::kPass);
  ExpectSuccess();
}

}  // namespace
}  // namespace tact::testing
