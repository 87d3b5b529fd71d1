// A job's context where several ranks train it: rank 0's says what the job's own says, with the
// ranks beside it; that of the others follows rank 0 and reports nothing.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANKED_CONTEXT_H_
#define TACT_SERVICES_TRAINER_RANKS_RANKED_CONTEXT_H_

#include <filesystem>
#include <utility>

#include "common/base/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ranks/rank_host.h"
#include "services/trainer/ranks/rank_worker.h"

namespace tact {

// Of rank 0. Stops the job when a rank is lost, also while it waits for a service.
class LeadingContext : public JobContext {
 public:
  // All must outlive it.
  LeadingContext(JobContext& inner, RankHost& host, RankGroup& group)
      : inner_(inner), host_(host), group_(group) {}

  const v1::Job& job() const override { return inner_.job(); }
  absl::Status CheckStop() override {
    RETURN_IF_ERROR(inner_.CheckStop());
    return host_.lost();
  }
  // The others begin the step only if rank 0 does.
  absl::Status BeginStep() override {
    RETURN_IF_ERROR(inner_.BeginStep());
    return group_.Barrier();
  }
  absl::Status CheckCancelled() override { return inner_.CheckCancelled(); }
  absl::Status ReportSize(const JobSize& size) override {
    JobSize with_ranks = size;
    with_ranks.world_size = static_cast<uint32_t>(group_.size());
    return inner_.ReportSize(with_ranks);
  }
  absl::Status ReportStep(const v1::StepMetrics& metrics) override {
    return inner_.ReportStep(metrics);
  }
  absl::Status ReportWaiting(std::string_view message) override {
    return inner_.ReportWaiting(message);
  }
  absl::Status ReportBest(uint32_t step, double metric) override {
    return inner_.ReportBest(step, metric);
  }
  absl::Status ReportSamples(uint32_t steps_done,
                             const std::vector<RolloutSample>& samples) override {
    return inner_.ReportSamples(steps_done, samples);
  }
  absl::Status ReportVersion(uint64_t version) override { return inner_.ReportVersion(version); }
  absl::Status ReportNote(std::string_view message) override { return inner_.ReportNote(message); }
  RankGroup* ranks() override { return &group_; }
  CheckpointStore& checkpoints() override { return inner_.checkpoints(); }
  std::filesystem::path result_folder() const override { return inner_.result_folder(); }

 private:
  JobContext& inner_;
  RankHost& host_;
  RankGroup& group_;
};

// Of the ranks above 0.
class FollowingContext : public JobContext {
 public:
  FollowingContext(v1::Job job, RankWorker& worker, const std::filesystem::path& data_dir)
      : job_(std::move(job)),
        worker_(worker),
        checkpoints_(data_dir / "checkpoints" / job_.id()),
        result_(data_dir / "results" / job_.id()) {}

  const v1::Job& job() const override { return job_; }
  absl::Status CheckStop() override { return worker_.lost(); }
  absl::Status BeginStep() override { return worker_.group().Barrier(); }
  absl::Status CheckCancelled() override { return worker_.lost(); }
  absl::Status ReportSize(const JobSize&) override { return absl::OkStatus(); }
  absl::Status ReportStep(const v1::StepMetrics&) override { return absl::OkStatus(); }
  absl::Status ReportWaiting(std::string_view) override { return absl::OkStatus(); }
  absl::Status ReportBest(uint32_t, double) override { return absl::OkStatus(); }
  absl::Status ReportSamples(uint32_t, const std::vector<RolloutSample>&) override {
    return absl::OkStatus();
  }
  absl::Status ReportVersion(uint64_t) override { return absl::OkStatus(); }
  absl::Status ReportNote(std::string_view) override { return absl::OkStatus(); }
  RankGroup* ranks() override { return &worker_.group(); }
  CheckpointStore& checkpoints() override { return checkpoints_; }
  std::filesystem::path result_folder() const override { return result_; }

 private:
  const v1::Job job_;
  RankWorker& worker_;
  CheckpointStore checkpoints_;  // rank 0's, which this rank does not write to
  const std::filesystem::path result_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANKED_CONTEXT_H_
