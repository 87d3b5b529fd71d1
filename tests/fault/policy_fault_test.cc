// Policy replicas that are killed, stopped or come back empty: what the owner of a PPO job sees.
#include <signal.h>

#include "tests/fault/fleet_test.h"

namespace tact::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Rollouts long enough that a fault falls into them.
void LongRollouts(v1::JobSpec& spec) {
  spec.mutable_ppo()->set_batch_size(32);
  spec.mutable_ppo()->set_mini_batch_size(16);
  spec.mutable_ppo()->mutable_sampling()->set_max_new_tokens(60);
  spec.mutable_ppo()->mutable_sampling()->set_min_new_tokens(50);
}

class PolicyFaultTest : public FleetTest {
 protected:
  void StartLong(uint32_t steps) {
    StartWith({}, steps, [](v1::JobSpec& spec) {
      Quorum(spec);
      LongRollouts(spec);
    });
    ASSERT_TRUE(fleet_->WaitForStep(job_, 1));
  }
};

TEST_F(PolicyFaultTest, ThePromptsOfAKilledReplicaAreMadeByTheOther) {
  StartLong(6);
  fleet_->policy(0).Kill();
  ExpectSuccess();
  EXPECT_THAT(Waits(), IsEmpty());
  for (const v1::StepMetrics& step : Steps()) EXPECT_EQ(step.dropped_rollouts(), 0u);
}

TEST_F(PolicyFaultTest, ThePromptsOfAStoppedReplicaAreMadeByTheOther) {
  StartLong(6);
  fleet_->policy(0).Signal(SIGSTOP);
  ExpectSuccess();
  fleet_->policy(0).Signal(SIGCONT);
  EXPECT_THAT(Waits(), IsEmpty());
}

TEST_F(PolicyFaultTest, AReplicaThatIsBackIsCaughtUpBeforeItServes) {
  StartLong(200);
  fleet_->policy(0).Kill();
  const uint32_t step = fleet_->Get(job_).step();
  ASSERT_TRUE(fleet_->WaitForStep(job_, step + 2));
  ASSERT_TRUE(fleet_->policy(0).Start());
  ASSERT_EQ(fleet_->VersionOf(0, "tuned"), 0u) << "it comes back empty, or was very fast";
  EXPECT_TRUE(WaitFor([&] { return fleet_->VersionOf(0, "tuned") > 0; }, 60)) << fleet_->Logs();
  fleet_->policy(1).Kill();  // from now on the one that came back makes every rollout
  const uint32_t again = fleet_->Get(job_).step();
  EXPECT_TRUE(fleet_->WaitForStep(job_, again + 3)) << fleet_->Logs();
  const v1::StepMetrics last = fleet_->Get(job_).last_metrics();
  EXPECT_LT(last.replay_difference(), 1e-2) << "with the weights of the last push";
}

TEST_F(PolicyFaultTest, AllMeansThatTheJobWaitsForTheReplicaThatIsDown) {
  StartWith({}, 60);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  fleet_->policy(1).Kill();
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING)) << fleet_->Logs();
  EXPECT_THAT(fleet_->Get(job_).message(),
              HasSubstr("tact-policy at " + fleet_->policy(1).address()));
  ASSERT_TRUE(fleet_->policy(1).Start());
  ExpectSuccess();
  EXPECT_EQ(fleet_->VersionOf(0, "tuned"), fleet_->VersionOf(1, "tuned"));
}

TEST_F(PolicyFaultTest, ACutConnectionIsMadeAgain) {
  StartWith({}, 40, Quorum);
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  for (size_t i : {0, 1}) fleet_->policy(i).proxy().Set(Wire::kCut);
  ASSERT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_WAITING)) << fleet_->Logs();
  for (size_t i : {0, 1}) fleet_->policy(i).proxy().Set(Wire::kPass);
  ExpectSuccess();
}

TEST_F(PolicyFaultTest, AQuorumOfMoreThanThereAreIsRefused) {
  StartWith({}, 1);
  v1::JobSpec spec = Fleet::PpoSpec(dataset_, 1);
  spec.mutable_publish()->set_mode(v1::PUBLISH_MODE_QUORUM);
  spec.mutable_publish()->set_min_replicas(3);
  grpc::ClientContext context;
  v1::CreateJobRequest request;
  *request.mutable_spec() = spec;
  v1::CreateJobResponse response;
  const grpc::Status status = fleet_->Trainer()->CreateJob(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("spec.publish.min_replicas"));
  EXPECT_THAT(status.error_message(), HasSubstr("choose 1 to 2"));
}

}  // namespace
}  // namespace tact::testing
