// What sets a job aside: a disk that is full, numbers that are not finite.
#include "tests/fault/fleet_test.h"

namespace tact::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class PauseTest : public FleetTest {
 protected:
  void Resume() {
    grpc::ClientContext context;
    v1::ResumeJobRequest request;
    request.set_id(job_);
    v1::ResumeJobResponse response;
    const grpc::Status status = fleet_->Trainer()->ResumeJob(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void ExpectPaused(v1::PauseReason reason) {
    EXPECT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_PAUSED))
        << fleet_->Get(job_).DebugString() << fleet_->Logs();
    EXPECT_EQ(fleet_->Get(job_).pause_reason(), reason) << fleet_->Get(job_).message();
  }
};

// A checkpoint of all weights and their moments is above 8 MB, the job store below.
TEST_F(PauseTest, AFullDiskPausesTheJobAndTheLastGoodCheckpointStays) {
  StartWith({}, 30, [](v1::JobSpec& spec) { spec.mutable_ppo()->set_use_lora(false); });
  ASSERT_TRUE(fleet_->WaitForStep(job_, 2));
  fleet_->trainer().LimitFiles(8 << 20);
  ExpectPaused(v1::PAUSE_REASON_DISK_FULL);
  fleet_->trainer().LimitFiles(1ull << 40);
  Resume();
  ExpectSuccess();
}

// Without epsilon AdamW divides 0 by 0 where a gradient is 0, as that of a fresh adapter's first
// factor is; the loss of the next mini-batch is NaN.
TEST_F(PauseTest, ALossThatIsNotFinitePausesTheJobAndIsNamed) {
  StartWith({}, 30, [](v1::JobSpec& spec) { spec.mutable_optimizer()->set_epsilon(0); });
  ExpectPaused(v1::PAUSE_REASON_NOT_FINITE);
  EXPECT_THAT(fleet_->Get(job_).message(), AnyOf(HasSubstr("loss is NaN"), HasSubstr("gradient")));
  EXPECT_EQ(fleet_->Get(job_).step(), 0u);
}

TEST_F(PauseTest, AJobThatWouldNotFitIntoMemoryIsSetAsideBeforeItBegins) {
  FleetOptions options;
  options.trainer_arguments = {"--memory-limit-mb", "100"};
  StartWith(options, 2);
  ExpectPaused(v1::PAUSE_REASON_MEMORY);
  EXPECT_THAT(fleet_->Get(job_).message(), HasSubstr("may have 100.0 MiB"));
  EXPECT_THAT(fleet_->Get(job_).message(), HasSubstr("--memory-limit-mb"));
  EXPECT_EQ(fleet_->Get(job_).step(), 0u);
  Resume();
  ExpectPaused(v1::PAUSE_REASON_MEMORY);
}

}  // namespace
}  // namespace tact::testing
