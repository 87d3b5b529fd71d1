// The fixture of tests that break single replicas.
#ifndef TACT_TESTS_FAULT_FLEET_TEST_H_
#define TACT_TESTS_FAULT_FLEET_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fault/fleet.h"

namespace tact::testing {

class FleetTest : public ::testing::Test {
 protected:
  // A PPO job of so many steps on a fresh fleet; `change` may alter its spec.
  void StartWith(const FleetOptions& options, uint32_t steps,
                 const std::function<void(v1::JobSpec&)>& change = {}) {
    fleet_ = std::make_unique<Fleet>(options);
    ASSERT_TRUE(fleet_->Start()) << fleet_->Logs();
    dataset_ = fleet_->UploadDialogues(40);
    ASSERT_FALSE(dataset_.empty()) << fleet_->Logs();
    v1::JobSpec spec = Fleet::PpoSpec(dataset_, steps);
    if (change) change(spec);
    job_ = fleet_->Create(spec).id();
    ASSERT_FALSE(job_.empty()) << fleet_->Logs();
  }

  static void Quorum(v1::JobSpec& spec) {
    spec.mutable_publish()->set_mode(v1::PUBLISH_MODE_QUORUM);
    spec.mutable_publish()->set_min_replicas(1);
  }

  // It ends well, with every step; WAITING says for what on the way.
  void ExpectSuccess() {
    EXPECT_TRUE(fleet_->WaitForState(job_, v1::JOB_STATE_SUCCEEDED))
        << fleet_->Get(job_).DebugString() << fleet_->Logs();
    uint32_t last = 0;
    for (const v1::WatchJobResponse& event : fleet_->Events(job_)) {
      if (event.job().state() == v1::JOB_STATE_WAITING) {
        EXPECT_NE(event.job().message(), "");
      }
      if (!event.is_step()) continue;
      EXPECT_LE(event.job().step(), last + 1) << "no step is missing";
      last = event.job().step();
    }
    EXPECT_EQ(last, fleet_->Get(job_).total_steps());
  }

  std::vector<v1::StepMetrics> Steps() {
    std::vector<v1::StepMetrics> steps;
    for (const v1::WatchJobResponse& event : fleet_->Events(job_)) {
      if (event.is_step()) steps.push_back(event.job().last_metrics());
    }
    return steps;
  }

  // What the job has said while it waited.
  std::vector<std::string> Waits() {
    std::vector<std::string> waits;
    for (const v1::WatchJobResponse& event : fleet_->Events(job_)) {
      if (event.job().state() == v1::JOB_STATE_WAITING) waits.push_back(event.job().message());
    }
    return waits;
  }

  std::unique_ptr<Fleet> fleet_;
  std::string dataset_, job_;
};

}  // namespace tact::testing

#endif  // TACT_TESTS_FAULT_FLEET_TEST_H_
