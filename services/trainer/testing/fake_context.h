// A JobContext on plain values, for tests of recipes: records what is reported, and stops the job
// where a test wants it.
#ifndef TACT_SERVICES_TRAINER_TESTING_FAKE_CONTEXT_H_
#define TACT_SERVICES_TRAINER_TESTING_FAKE_CONTEXT_H_

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/trainer/jobs/job_context.h"

namespace tact {

class FakeContext : public JobContext {
 public:
  FakeContext(v1::JobSpec spec, std::filesystem::path folder)
      : folder_(std::move(folder)), checkpoints_(folder_ / "checkpoints") {
    job_.set_id("job");
    *job_.mutable_spec() = std::move(spec);
    job_.set_state(v1::JOB_STATE_RUNNING);
  }

  // The trainer stops once so many steps have been reported.
  void StopAfter(uint32_t step) { stop_after_ = step; }
  // As if the trainer were killed just before this step becomes an event.
  void FailReportOf(uint32_t step) { fail_report_ = step; }
  // The trainer is asked to stop once somebody looks for the n-th time, and from then on; 0 is
  // never.
  void StopAtLook(int look) { looks_left_ = look > 0 ? look + 1 : 0; }
  void Cancel() { cancelled_ = true; }

  const v1::Job& job() const override { return job_; }
  absl::Status CheckStop() override {
    if (cancelled_) return absl::CancelledError("cancelled");
    if (looks_left_ > 1) --looks_left_;
    if (looks_left_ == 1) return absl::AbortedError("stop");
    return stop_after_ > 0 && job_.step() >= stop_after_ ? absl::AbortedError("stop")
                                                         : absl::OkStatus();
  }
  absl::Status CheckCancelled() override {
    return cancelled_ ? absl::CancelledError("cancelled") : absl::OkStatus();
  }
  absl::Status ReportSize(const JobSize& size) override {
    job_.set_total_steps(size.total_steps);
    job_.set_trainable_parameters(size.trainable_parameters);
    job_.set_total_parameters(size.total_parameters);
    return absl::OkStatus();
  }
  absl::Status ReportStep(const v1::StepMetrics& metrics) override {
    if (metrics.step() == fail_report_) {
      fail_report_ = 0;
      return absl::InternalError("killed");
    }
    job_.set_step(metrics.step());
    steps.push_back(metrics);
    return absl::OkStatus();
  }
  absl::Status ReportWaiting(std::string_view message) override {
    if (!message.empty()) waits.emplace_back(message);
    Renew();
    return absl::OkStatus();
  }
  absl::Status ReportBest(uint32_t, double) override { return absl::OkStatus(); }
  absl::Status ReportSamples(uint32_t, const std::vector<RolloutSample>&) override {
    return absl::OkStatus();
  }
  absl::Status ReportVersion(uint64_t version) override {
    job_.set_weight_version(version);
    return absl::OkStatus();
  }
  absl::Status ReportNote(std::string_view message) override {
    notes.emplace_back(message);
    return absl::OkStatus();
  }
  CheckpointStore& checkpoints() override { return checkpoints_; }
  std::filesystem::path result_folder() const override { return folder_ / "results" / "job"; }

  std::vector<v1::StepMetrics> steps;
  std::vector<std::string> waits, notes;

 private:
  // As the runner does at every report; whoever keeps a reference reads this.
  void Renew() {
    old_.push_back(std::make_unique<v1::Job>());
    old_.back()->Swap(&job_);
    job_ = *old_.back();
    old_.back()->mutable_spec()->set_publish_as("stale");
  }

  v1::Job job_;
  std::vector<std::unique_ptr<v1::Job>> old_;
  std::filesystem::path folder_;
  CheckpointStore checkpoints_;
  uint32_t stop_after_ = 0, fail_report_ = 0;
  std::atomic<int> looks_left_ = 0;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TESTING_FAKE_CONTEXT_H_
