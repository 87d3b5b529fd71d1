#include "services/tactctl/job_follow.h"

#include <algorithm>
#include <mutex>
#include <ostream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/tactctl/interrupt.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"

namespace tact::ctl {
namespace {

// A watch that lasts longer had a trainer at its other end.
constexpr absl::Duration kConnected = absl::Seconds(5);

// One after the other, the calls of a follower, all ended by one interrupt.
class CurrentCall {
 public:
  // False once interrupted.
  bool Set(grpc::ClientContext* call) {
    const std::lock_guard lock(mutex_);
    call_ = call;
    return !interrupted_;
  }
  void Interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  bool interrupted() {
    const std::lock_guard lock(mutex_);
    return interrupted_;
  }

 private:
  std::mutex mutex_;
  grpc::ClientContext* call_ = nullptr;
  bool interrupted_ = false;
};

// A trainer that is stopped ends its streams with one or the other.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status);
}

class Follower {
 public:
  Follower(const Client<v1::TrainerService>& client, std::string id, double patience_seconds,
           Context& context)
      : client_(client),
        id_(std::move(id)),
        patience_(absl::Seconds(patience_seconds)),
        context_(context),
        progress_(context.terminal) {}

  absl::Status Run() {
    InterruptScope scope([this] { call_.Interrupt(); });
    absl::Time away_since = SteadyNow();
    while (!IsOver()) {
      const uint64_t before = sequence_;
      const absl::Time began = SteadyNow();
      const absl::Status status = WatchOnce();
      if (call_.interrupted()) return Detach();
      const bool was_there = sequence_ != before || SteadyNow() - began > kConnected;
      if (was_there) away_since = SteadyNow();
      if (!status.ok() && !IsAway(status)) return status;
      if (SteadyNow() - away_since > patience_) return status.ok() ? NoEnd() : status;
      if (!IsOver()) WaitForTrainer();
    }
    progress_.Clear();
    return Conclude();
  }

 private:
  absl::Status WatchOnce() {
    grpc::ClientContext call;
    if (!call_.Set(&call)) return absl::CancelledError();
    v1::WatchJobRequest request;
    request.set_id(id_);
    request.set_after_sequence(sequence_);
    const auto reader = client_.stub().WatchJob(&call, request);
    for (v1::WatchJobResponse event; !paused_ && reader->Read(&event);) {
      Show(event);
      paused_ = job_.state() == v1::JOB_STATE_PAUSED && IsPausedNow();
    }
    if (paused_) call.TryCancel();
    const grpc::Status status = reader->Finish();
    call_.Set(nullptr);
    if (paused_) return absl::OkStatus();
    return status.ok() ? absl::OkStatus() : ExplainFailure(client_.service(), status, call);
  }

  bool IsOver() const { return paused_ || HasEnded(job_.state()); }

  // An event of the past may have been a pause that is over.
  bool IsPausedNow() const {
    v1::GetJobRequest request;
    request.set_id(id_);
    const auto now = client_.Call(&v1::TrainerService::Stub::GetJob, request);
    return now.ok() && now->job().state() == v1::JOB_STATE_PAUSED;
  }

  void Show(const v1::WatchJobResponse& event) {
    const bool changed = event.job().state() != job_.state();
    sequence_ = event.sequence();
    job_ = event.job();
    if (context_.output != Output::kTable) {
      context_.terminal.out << ToJson(event, false) << std::flush;
      return;
    }
    const bool last_step = event.is_step() && job_.step() == job_.total_steps();
    const v1::StepMetrics& metrics = job_.last_metrics();
    const bool validated =
        event.is_step() && (metrics.has_validation_loss() || metrics.has_validation_reward());
    progress_.Update(ProgressLine(job_, context_.terminal.err_is_terminal),
                     changed || last_step || validated);
  }

  void WaitForTrainer() {
    progress_.Update(StrCat("job ", id_, ": the trainer is away, trying again"));
    absl::SleepFor(absl::Milliseconds(500));
  }

  absl::Status NoEnd() const {
    return absl::UnavailableError(StrCat("job ", id_, ": its events ended before the job"));
  }

  absl::Status Detach() {
    progress_.Say(StrCat("job ", id_, " goes on; come back with: tactctl jobs watch ", id_,
                         "   (stop it with: tactctl jobs cancel ", id_, ")"));
    context_.exit_code = kInterruptedExitCode;
    return absl::OkStatus();
  }

  absl::Status Conclude() {
    if (paused_) return SayPaused();
    if (job_.state() == v1::JOB_STATE_FAILED) {
      return absl::AbortedError(StrCat("job ", id_, " failed: ", job_.message()));
    }
    if (job_.state() == v1::JOB_STATE_CANCELLED) {
      return absl::CancelledError(StrCat("job ", id_, " was cancelled ", job_.message()));
    }
    if (context_.output == Output::kTable) PrintResult();
    return absl::OkStatus();
  }

  // No error of the command: what happens to the job next is for its user to say.
  absl::Status SayPaused() {
    progress_.Say(StrCat("job ", id_, " is paused (", PauseReasonName(job_.pause_reason()),
                         "): ", job_.message()));
    progress_.Say(StrCat("go on with: tactctl jobs resume ", id_,
                         "   (end it with: tactctl jobs cancel ", id_, ")"));
    context_.exit_code = kPausedExitCode;
    return absl::OkStatus();
  }

  void PrintResult() const {
    context_.terminal.out << "job " << id_ << " succeeded in "
                          << Seconds(job_.finished_at() - job_.started_at());
    if (!job_.result_path().empty()) context_.terminal.out << ", result in " << job_.result_path();
    if (job_.weight_version() > 0) {
      context_.terminal.out << ", served as " << job_.spec().publish_as() << " v"
                            << job_.weight_version();
    }
    context_.terminal.out << '\n';
  }

  const Client<v1::TrainerService>& client_;
  const std::string id_;
  const absl::Duration patience_;
  Context& context_;
  Progress progress_;
  CurrentCall call_;
  uint64_t sequence_ = 0;
  bool paused_ = false;
  v1::Job job_;
};

}  // namespace

absl::Status FollowJob(const Client<v1::TrainerService>& client, const std::string& id,
                       double patience_seconds, Context& context) {
  return Follower(client, id, patience_seconds, context).Run();
}

absl::StatusOr<std::vector<v1::StepMetrics>> ReadSteps(const Client<v1::TrainerService>& client,
                                                       const std::string& id) {
  v1::GetJobRequest get;
  get.set_id(id);
  ASSIGN_OR_RETURN(const auto now, client.Call(&v1::TrainerService::Stub::GetJob, get));
  std::vector<v1::StepMetrics> steps;
  if (now.job().step() == 0) return steps;
  grpc::ClientContext call;
  v1::WatchJobRequest request;
  request.set_id(id);
  const auto reader = client.stub().WatchJob(&call, request);
  for (v1::WatchJobResponse event; reader->Read(&event);) {
    if (event.is_step()) steps.push_back(event.job().last_metrics());
    if (event.is_step() && event.job().step() >= now.job().step()) {
      call.TryCancel();
      break;
    }
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) {
    return ExplainFailure(client.service(), status, call);
  }
  return steps;
}

}  // namespace tact::ctl
