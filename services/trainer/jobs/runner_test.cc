#include "services/trainer/jobs/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override { store_ = JobStore::Open(folder_.path() / "jobs.db").value(); }

  std::unique_ptr<JobRunner> MakeRunner(JobFunction run) {
    auto runner = std::make_unique<JobRunner>(*store_, folder_.path(), std::move(run));
    runner->Start();
    return runner;
  }
  std::string Create(const std::string& name) {
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_FULL);
    spec.set_name(name);
    return store_->Create(name, spec, spec)->id();
  }
  v1::Job AwaitState(const std::string& id, v1::JobState state) {
    uint64_t seen = 0;
    v1::Job job = store_->Get(id).value();
    for (int i = 0; i < 1000 && job.state() != state; ++i) {
      seen = store_->WaitForChange(seen, absl::Milliseconds(20));
      job = store_->Get(id).value();
    }
    EXPECT_EQ(job.state(), state);
    return job;
  }
  // A job that steps until it is told to stop.
  static absl::Status StepUntilStopped(JobContext& context) {
    for (uint32_t step = 1;; ++step) {
      if (const absl::Status stop = context.CheckStop(); !stop.ok()) return stop;
      v1::StepMetrics metrics;
      metrics.set_step(step);
      if (const auto status = context.ReportStep(metrics); !status.ok()) return status;
    }
  }

  TempFolder folder_;
  std::unique_ptr<JobStore> store_;
};

TEST_F(RunnerTest, RunsJobsInOrder) {
  std::vector<std::string> order;
  const std::string a = Create("a"), b = Create("b");
  const auto runner = MakeRunner([&](JobContext& context) {
    order.push_back(context.spec().name());
    return absl::OkStatus();
  });
  const v1::Job last = AwaitState(b, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(last.result_path(), "results/" + b);
  EXPECT_GT(last.started_at(), 0);
  EXPECT_THAT(order, ::testing::ElementsAre("a", "b"));
}

TEST_F(RunnerTest, AFailureIsTheJobsMessage) {
  const std::string id = Create("a");
  const auto runner =
      MakeRunner([](JobContext&) { return absl::InternalError("the loss of step 3 is NaN"); });
  EXPECT_THAT(AwaitState(id, v1::JOB_STATE_FAILED).message(), HasSubstr("step 3"));
}

TEST_F(RunnerTest, AnExceptionFailsTheJobAndTheNextOneRuns) {
  const std::string a = Create("a"), b = Create("b");
  const auto runner = MakeRunner([](JobContext& context) -> absl::Status {
    if (context.spec().name() == "a") throw std::runtime_error("boom");
    return absl::OkStatus();
  });
  AwaitState(b, v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(AwaitState(a, v1::JOB_STATE_FAILED).message(), HasSubstr("boom"));
}

TEST_F(RunnerTest, CancelsTheRunningAndTheQueued) {
  const std::string a = Create("a"), b = Create("b");
  const auto runner = MakeRunner(StepUntilStopped);
  AwaitState(a, v1::JOB_STATE_RUNNING);
  EXPECT_EQ(runner->Cancel(b, absl::Seconds(20))->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(runner->Cancel(a, absl::Seconds(20))->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_TRUE(runner->Cancel(a, absl::Seconds(20)).ok());  // again
  EXPECT_TRUE(absl::IsNotFound(runner->Cancel("nope", absl::Seconds(1)).status()));
}

TEST_F(RunnerTest, CancelOfASucceededJobIsAnError) {
  const std::string a = Create("a");
  const auto runner = MakeRunner([](JobContext&) { return absl::OkStatus(); });
  AwaitState(a, v1::JOB_STATE_SUCCEEDED);
  EXPECT_TRUE(absl::IsFailedPrecondition(runner->Cancel(a, absl::Seconds(1)).status()));
}

TEST_F(RunnerTest, AStoppedTrainerTakesTheJobUpAgain) {
  const std::string a = Create("a");
  auto runner = MakeRunner(StepUntilStopped);
  AwaitState(a, v1::JOB_STATE_RUNNING);
  runner.reset();
  EXPECT_EQ(store_->Get(a)->state(), v1::JOB_STATE_RUNNING);  // not ended
  runner = MakeRunner([](JobContext&) { return absl::OkStatus(); });
  AwaitState(a, v1::JOB_STATE_SUCCEEDED);
}

TEST_F(RunnerTest, ACancelledJobIsNotTakenUpAgain) {
  const std::string a = Create("a");
  ASSERT_TRUE(store_->RequestCancel(a).ok());  // and then the trainer was killed
  const auto runner = MakeRunner(StepUntilStopped);
  AwaitState(a, v1::JOB_STATE_CANCELLED);
}

TEST_F(RunnerTest, WaitingHasItsReasonAndEnds) {
  const std::string a = Create("a");
  std::atomic<bool> up = false;
  const auto runner = MakeRunner([&](JobContext& context) -> absl::Status {
    if (auto status = context.ReportWaiting("waits for tact-policy at x"); !status.ok()) {
      return status;
    }
    while (!up) {
      if (auto stop = context.CheckStop(); !stop.ok()) return stop;
    }
    return context.ReportWaiting("");
  });
  EXPECT_EQ(AwaitState(a, v1::JOB_STATE_WAITING).message(), "waits for tact-policy at x");
  up = true;
  EXPECT_EQ(AwaitState(a, v1::JOB_STATE_SUCCEEDED).message(), "");
}

TEST_F(RunnerTest, PauseSetsARunningJobAsideAndTheNextOneRuns) {
  const std::string a = Create("a"), b = Create("b");
  std::atomic<bool> b_ran = false;
  const auto runner = MakeRunner([&](JobContext& context) {
    if (context.spec().name() == "a" && !b_ran) return StepUntilStopped(context);
    b_ran = true;
    return absl::OkStatus();
  });
  AwaitState(a, v1::JOB_STATE_RUNNING);
  const v1::Job paused = runner->Pause(a, absl::Seconds(10)).value();
  EXPECT_EQ(paused.state(), v1::JOB_STATE_PAUSED);
  EXPECT_EQ(paused.pause_reason(), v1::PAUSE_REASON_REQUESTED);
  EXPECT_EQ(runner->Pause(a, absl::Seconds(10))->state(), v1::JOB_STATE_PAUSED);
  AwaitState(b, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(runner->Resume(a)->pause_reason(), v1::PAUSE_REASON_UNSPECIFIED);
  EXPECT_EQ(AwaitState(a, v1::JOB_STATE_SUCCEEDED).message(), "");
  EXPECT_TRUE(absl::IsFailedPrecondition(runner->Pause(a, absl::Seconds(1)).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(runner->Resume(a).status()));
}

TEST_F(RunnerTest, APausedJobStaysAsideOverARestart) {
  const std::string a = Create("a");
  JobRunner first(*store_, folder_.path(), [](JobContext&) { return absl::OkStatus(); });
  ASSERT_EQ(first.Pause(a, absl::Seconds(1))->state(),
            v1::JOB_STATE_PAUSED);  // not started: queued
  const std::string b = Create("b");
  const auto runner = MakeRunner([](JobContext&) { return absl::OkStatus(); });
  AwaitState(b, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(store_->Get(a)->state(), v1::JOB_STATE_PAUSED);
  ASSERT_TRUE(runner->Resume(a).ok());
  AwaitState(a, v1::JOB_STATE_SUCCEEDED);
}

TEST_F(RunnerTest, APauseThatWasAcknowledgedButNotReachedComesAfterTheRestart) {
  const std::string a = Create("a");
  ASSERT_TRUE(store_->SetPauseRequested(a, true).ok());
  const auto runner = MakeRunner(StepUntilStopped);
  AwaitState(a, v1::JOB_STATE_PAUSED);
}

TEST_F(RunnerTest, WhatAPersonCanMendPausesTheJob) {
  struct PauseCase {
    const char* reason;
    v1::PauseReason pause;
  };
  for (const PauseCase& c : {PauseCase{"DISK_FULL", v1::PAUSE_REASON_DISK_FULL},
                             PauseCase{"NOT_FINITE", v1::PAUSE_REASON_NOT_FINITE},
                             PauseCase{"COLLAPSE", v1::PAUSE_REASON_COLLAPSE},
                             PauseCase{"NO_MEMORY", v1::PAUSE_REASON_MEMORY}}) {
    const std::string id = Create(c.reason);
    const auto runner = MakeRunner([&](JobContext&) {
      return MakeError(absl::StatusCode::kInternal, {c.reason, "spec", "", "mend it"}, "wrong");
    });
    const v1::Job job = AwaitState(id, v1::JOB_STATE_PAUSED);
    EXPECT_EQ(job.pause_reason(), c.pause);
    EXPECT_THAT(job.message(), HasSubstr("wrong"));
    EXPECT_EQ(runner->Cancel(id, absl::Seconds(1))->state(), v1::JOB_STATE_CANCELLED);
  }
}

}  // namespace
}  // namespace tact
