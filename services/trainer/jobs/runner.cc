#include "services/trainer/jobs/runner.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/trainer/jobs/job_metrics.h"
#include "services/trainer/jobs/pause.h"
#include "services/trainer/jobs/progress.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(200);

}  // namespace

class JobRunner::Context : public JobContext {
 public:
  Context(JobRunner& runner, v1::Job job)
      : runner_(runner),
        job_(std::move(job)),
        checkpoints_(runner.CheckpointFolder(job_.id()), ToRetention(job_.spec().retention())) {}

  const v1::Job& job() const override { return job_; }

  absl::Status CheckStop() override {
    RETURN_IF_ERROR(CheckCancelled());
    if (runner_.pause_running_) return absl::AbortedError("paused by request");
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
    ExportStep(job_, metrics);
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

  absl::Status ReportBest(uint32_t step, double metric) override {
    return Change(false, [&](v1::Job& job) {
      job.set_best_step(step);
      job.set_best_metric(metric);
    });
  }

  absl::Status ReportVersion(uint64_t weight_version) override {
    return Change(false, [&](v1::Job& job) { job.set_weight_version(weight_version); });
  }

  absl::Status ReportSamples(uint32_t steps_done,
                             const std::vector<RolloutSample>& samples) override {
    if (!runner_.sample_sink_) return absl::OkStatus();
    const absl::Status kept = runner_.sample_sink_(job_, steps_done, samples);
    if (!kept.ok()) LogWarning("job ", job_.id(), ": samples are not kept: ", kept.message());
    return absl::OkStatus();
  }

  CheckpointStore& checkpoints() override { return checkpoints_; }
  std::filesystem::path result_folder() const override {
    return runner_.data_dir_ / "results" / job_.id();
  }

 private:
  // Supervised steps of small models are faster than a durable write: of those, ten a second.
  bool IsWorthAnEvent(const v1::StepMetrics& metrics) {
    const absl::Time now = SteadyNow();
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
  Progress progress_;
  absl::Time last_step_event_ = absl::InfinitePast();
};

JobRunner::JobRunner(JobStore& store, std::filesystem::path data_dir, JobFunction run_job,
                     std::function<void()> thread_start)
    : store_(store),
      data_dir_(std::move(data_dir)),
      run_job_(std::move(run_job)),
      thread_start_(std::move(thread_start)) {
  InitialiseJobMetrics();
}

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
      RunJob(jobs->front().id());
    } else {
      seen = store_.WaitForChange(seen, kPoll);
    }
  }
}

// False where the job has been paused or has ended since it was read.
bool JobRunner::Claim(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const absl::StatusOr<v1::Job> job = store_.Get(id);
  if (!job.ok() || HasEnded(job->state()) || job->state() == v1::JOB_STATE_PAUSED) return false;
  running_ = id;
  cancel_running_ = store_.IsCancelRequested(id);
  pause_running_ = store_.IsPauseRequested(id);
  return true;
}

void JobRunner::RunJob(const std::string& id) {
  if (!Claim(id)) return;
  const absl::StatusOr<v1::Job> job = store_.Update(id, false, [](v1::Job& job) {
    job.set_state(v1::JOB_STATE_RUNNING);
    job.clear_message();
  });
  absl::Status status = job.status();
  if (job.ok()) {
    LogInfo("job ", id, " runs");
    ExportJobStart();
    Context context(*this, *job);
    status = CatchExceptions("job", [&] { return run_job_(context); });
  }
  {
    // Whoever cancels, pauses or resumes sees the job either on the learner or at its end.
    absl::MutexLock lock(&mutex_);
    if (job.ok()) status = Finish(*job, status);
    running_.clear();
  }
  if (status.ok()) return;
  LogError("job ", id, ": its end cannot be stored: ", status.message());
  absl::SleepFor(kPoll);
}

bool JobRunner::IsPause(const absl::Status& status) const {
  return (pause_running_ && IsTrainerStop(status)) ||
         PauseReasonOf(status) != v1::PAUSE_REASON_UNSPECIFIED;
}

absl::Status JobRunner::SetAside(std::string_view id, v1::PauseReason reason,
                                 std::string_view message) {
  LogInfo("job ", id, " is paused: ", message);
  CountPause(reason);
  RETURN_IF_ERROR(store_
                      .Update(id, false,
                              [&](v1::Job& job) {
                                job.set_state(v1::JOB_STATE_PAUSED);
                                job.set_pause_reason(reason);
                                job.set_message(std::string(message));
                                job.set_seconds_left(0);
                              })
                      .status());
  return store_.SetPauseRequested(id, false);
}

absl::Status JobRunner::Finish(const v1::Job& job, const absl::Status& result) {
  const absl::Status status =
      IsPause(result) && cancel_running_ ? absl::CancelledError("cancelled by request") : result;
  if (IsPause(status)) {
    const bool requested = IsTrainerStop(status);
    return SetAside(job.id(), requested ? v1::PAUSE_REASON_REQUESTED : PauseReasonOf(status),
                    ToStd(status.message()));
  }
  if (stopping_ && IsTrainerStop(status)) return absl::OkStatus();
  LogInfo("job ", job.id(), " ended: ", status.ok() ? "succeeded" : status.message());
  CountJobEnd(status);
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

absl::StatusOr<v1::Job> JobRunner::FindOpen(std::string_view id, std::string_view what) const {
  ASSIGN_OR_RETURN(v1::Job job, store_.Get(id));
  if (!HasEnded(job.state())) return job;
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"JOB_ENDED", "id", std::string(id), StrCat("there is nothing to ", what)},
                   StrCat("this job has ended as ", v1::JobState_Name(job.state())));
}

absl::StatusOr<v1::Job> JobRunner::AwaitJob(std::string_view id, absl::Duration timeout,
                                            const std::function<bool(const v1::Job&)>& done) const {
  const absl::Time deadline = SteadyNow() + timeout;
  uint64_t seen = 0;
  ASSIGN_OR_RETURN(v1::Job job, store_.Get(id));
  while (!HasEnded(job.state()) && !done(job) && SteadyNow() < deadline) {
    seen = store_.WaitForChange(seen, deadline - SteadyNow());
    ASSIGN_OR_RETURN(job, store_.Get(id));
  }
  return job;
}

absl::StatusOr<v1::Job> JobRunner::Cancel(std::string_view id, absl::Duration timeout) {
  ASSIGN_OR_RETURN(v1::Job job, store_.Get(id));
  if (job.state() == v1::JOB_STATE_CANCELLED) return job;
  RETURN_IF_ERROR(FindOpen(id, "cancel").status());
  RETURN_IF_ERROR(store_.RequestCancel(id));
  {
    absl::MutexLock lock(&mutex_);
    if (running_ == id) {
      cancel_running_ = true;
    } else {
      return store_.Update(id, false, [](v1::Job& queued) {
        queued.set_state(v1::JOB_STATE_CANCELLED);
        queued.clear_pause_reason();
        queued.set_message("cancelled by request");
      });
    }
  }
  return AwaitJob(id, timeout, [](const v1::Job&) { return false; });
}

absl::StatusOr<v1::Job> JobRunner::Pause(std::string_view id, absl::Duration timeout) {
  ASSIGN_OR_RETURN(v1::Job job, FindOpen(id, "pause"));
  if (job.state() == v1::JOB_STATE_PAUSED) return job;
  RETURN_IF_ERROR(store_.SetPauseRequested(id, true));
  {
    absl::MutexLock lock(&mutex_);
    if (running_ == id) {
      pause_running_ = true;
    } else {
      RETURN_IF_ERROR(SetAside(id, v1::PAUSE_REASON_REQUESTED, "paused by request"));
      return store_.Get(id);
    }
  }
  return AwaitJob(id, timeout,
                  [](const v1::Job& now) { return now.state() == v1::JOB_STATE_PAUSED; });
}

absl::StatusOr<v1::Job> JobRunner::Resume(std::string_view id) {
  ASSIGN_OR_RETURN(v1::Job job, FindOpen(id, "resume"));
  RETURN_IF_ERROR(store_.SetPauseRequested(id, false));
  absl::MutexLock lock(&mutex_);
  if (running_ == id) pause_running_ = false;
  ASSIGN_OR_RETURN(job, store_.Get(id));
  if (job.state() != v1::JOB_STATE_PAUSED) return job;
  return store_.Update(id, false, [](v1::Job& paused) {
    paused.set_state(v1::JOB_STATE_QUEUED);
    paused.clear_pause_reason();
    paused.clear_message();
  });
}

}  // namespace tact
