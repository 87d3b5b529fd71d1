#include "services/trainer/jobs/runner.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/jobs/progress.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(200);

std::string KindLabel(const v1::Job& job) {
  return std::string(v1::JobKind_Name(job.spec().kind()).substr(sizeof("JOB_KIND_") - 1));
}

}  // namespace

class JobRunner::Context : public JobContext {
 public:
  Context(JobRunner& runner, v1::Job job)
      : runner_(runner),
        job_(std::move(job)),
        checkpoints_(runner.data_dir_ / "checkpoints" / job_.id()),
        step_seconds_(HistogramMetric("tact_trainer_step_seconds", "Seconds of one step",
                                      LatencyBuckets(), {{"kind", KindLabel(job_)}})) {}

  const v1::Job& job() const override { return job_; }

  absl::Status CheckStop() override {
    RETURN_IF_ERROR(CheckCancelled());
    return runner_.stopping_ ? absl::AbortedError("the trainer stops") : absl::OkStatus();
  }

  absl::Status CheckCancelled() override {
    return runner_.cancel_running_ ? absl::CancelledError("cancelled by request")
                                   : absl::OkStatus();
  }

  absl::Status ReportSize(const JobSize& size) override {
    return Change(false, [&](v1::Job& job) {
      job.set_total_steps(size.total_steps);
      job.set_trainable_parameters(size.trainable_parameters);
      job.set_total_parameters(size.total_parameters);
      job.set_world_size(size.world_size);
    });
  }

  absl::Status ReportStep(const v1::StepMetrics& metrics) override {
    step_seconds_.Observe(metrics.seconds());
    progress_.AddStep(metrics.seconds());
    if (!IsWorthAnEvent(metrics)) return absl::OkStatus();
    return Change(true, [&](v1::Job& job) {
      job.set_step(metrics.step());
      job.clear_message();
      job.set_seconds_left(progress_.SecondsLeft(job.total_steps() - metrics.step()));
      if (metrics.weight_version() > 0) job.set_weight_version(metrics.weight_version());
      *job.mutable_last_metrics() = metrics;
    });
  }

  absl::Status ReportWaiting(std::string_view message) override {
    const auto state = message.empty() ? v1::JOB_STATE_RUNNING : v1::JOB_STATE_WAITING;
    if (job_.state() == state && (message.empty() || job_.message() == message)) {
      return absl::OkStatus();
    }
    LogInfo("job ", job_.id(), message.empty() ? " goes on" : " ", message);
    return Change(false, [&](v1::Job& job) {
      job.set_state(state);
      job.set_message(std::string(message));
    });
  }

  absl::Status ReportNote(std::string_view message) override {
    LogInfo("job ", job_.id(), ": ", message);
    return Change(false, [&](v1::Job& job) { job.set_message(std::string(message)); });
  }

  absl::Status ReportVersion(uint64_t weight_version) override {
    return Change(false, [&](v1::Job& job) { job.set_weight_version(weight_version); });
  }

  CheckpointStore& checkpoints() override { return checkpoints_; }
  std::filesystem::path result_folder() const override {
    return runner_.data_dir_ / "results" / job_.id();
  }

 private:
  // Supervised steps of small models are faster than a durable write: of those, ten a second.
  bool IsWorthAnEvent(const v1::StepMetrics& metrics) {
    const absl::Time now = absl::Now();
    const bool due = now - last_step_event_ >= absl::Milliseconds(100);
    if (job_.spec().kind() != v1::JOB_KIND_PPO && !due && !metrics.has_validation_loss() &&
        metrics.step() != job_.total_steps()) {
      return false;
    }
    last_step_event_ = now;
    return true;
  }

  absl::Status Change(bool is_step, const std::function<void(v1::Job&)>& change) {
    ASSIGN_OR_RETURN(job_, runner_.store_.Update(job_.id(), is_step, change));
    return absl::OkStatus();
  }

  JobRunner& runner_;
  v1::Job job_;
  CheckpointStore checkpoints_;
  prometheus::Histogram& step_seconds_;
  Progress progress_;
  absl::Time last_step_event_ = absl::InfinitePast();
};

JobRunner::JobRunner(JobStore& store, std::filesystem::path data_dir, JobFunction run_job,
                     std::function<void()> thread_start)
    : store_(store),
      data_dir_(std::move(data_dir)),
      run_job_(std::move(run_job)),
      thread_start_(std::move(thread_start)) {}

JobRunner::~JobRunner() { Stop(); }

void JobRunner::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void JobRunner::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void JobRunner::Loop() {
  if (thread_start_) thread_start_();
  uint64_t seen = 0;
  while (!stopping_) {
    const absl::StatusOr<std::vector<v1::Job>> jobs = store_.Unfinished();
    if (!jobs.ok()) LogError("cannot read the jobs: ", jobs.status().message());
    if (jobs.ok() && !jobs->empty()) {
      RunJob(jobs->front());
    } else {
      seen = store_.WaitForChange(seen, kPoll);
    }
  }
}

void JobRunner::RunJob(const v1::Job& queued) {
  {
    absl::MutexLock lock(&mutex_);
    running_ = queued.id();
    cancel_running_ = store_.IsCancelRequested(queued.id());
  }
  const absl::StatusOr<v1::Job> job = store_.Update(queued.id(), false, [](v1::Job& job) {
    job.set_state(v1::JOB_STATE_RUNNING);
    job.clear_message();
  });
  // FAILED_PRECONDITION: it was cancelled just now.
  absl::Status status = absl::IsFailedPrecondition(job.status()) ? absl::OkStatus() : job.status();
  if (job.ok()) {
    LogInfo("job ", job->id(), " runs");
    Context context(*this, *job);
    status = CatchExceptions("job", [&] { return run_job_(context); });
    status = Finish(*job, status);
  }
  if (!status.ok()) {
    LogError("job ", queued.id(), ": its end cannot be stored: ", status.message());
    absl::SleepFor(kPoll);
  }
  absl::MutexLock lock(&mutex_);
  running_.clear();
}

absl::Status JobRunner::Finish(const v1::Job& job, const absl::Status& status) {
  if (stopping_ && IsTrainerStop(status)) return absl::OkStatus();
  LogInfo("job ", job.id(), " ended: ", status.ok() ? "succeeded" : status.message());
  CounterMetric("tact_trainer_jobs_ended_total", "Jobs that have ended",
                {{"result", status.ok()                 ? "succeeded"
                            : absl::IsCancelled(status) ? "cancelled"
                                                        : "failed"}})
      .Increment();
  return store_
      .Update(job.id(), false,
              [&](v1::Job& ended) {
                ended.set_seconds_left(0);
                if (status.ok()) {
                  ended.set_state(v1::JOB_STATE_SUCCEEDED);
                  ended.set_result_path(StrCat("results/", job.id()));
                  return;
                }
                const bool cancelled = absl::IsCancelled(status);
                ended.set_state(cancelled ? v1::JOB_STATE_CANCELLED : v1::JOB_STATE_FAILED);
                ended.set_message(std::string(status.message()));
              })
      .status();
}

absl::StatusOr<v1::Job> JobRunner::Cancel(std::string_view id, absl::Duration timeout) {
  ASSIGN_OR_RETURN(v1::Job job, store_.Get(id));
  if (job.state() == v1::JOB_STATE_CANCELLED) return job;
  if (HasEnded(job.state())) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     {"JOB_ENDED", "id", std::string(id), "there is nothing to cancel"},
                     StrCat("this job has ended as ", v1::JobState_Name(job.state())));
  }
  RETURN_IF_ERROR(store_.RequestCancel(id));
  {
    absl::MutexLock lock(&mutex_);
    if (running_ == id) {
      cancel_running_ = true;
    } else {
      return store_.Update(id, false, [](v1::Job& queued) {
        queued.set_state(v1::JOB_STATE_CANCELLED);
        queued.set_message("cancelled by request");
      });
    }
  }
  const absl::Time deadline = absl::Now() + timeout;
  uint64_t seen = 0;
  while (!HasEnded(job.state()) && absl::Now() < deadline) {
    seen = store_.WaitForChange(seen, deadline - absl::Now());
    ASSIGN_OR_RETURN(job, store_.Get(id));
  }
  return job;
}

}  // namespace tact
