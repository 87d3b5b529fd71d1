// Runs jobs one after the other on one learner thread, oldest first, and takes up after a restart
// what was not finished. A paused job stays aside until it is resumed.
#ifndef TACT_SERVICES_TRAINER_JOBS_RUNNER_H_
#define TACT_SERVICES_TRAINER_JOBS_RUNNER_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/jobs/job_store.h"

namespace tact {

// Does a whole job; returns the context's status where it was told to stop.
using JobFunction = std::function<absl::Status(JobContext&)>;

// Keeps samples of a job's rollouts; an error is logged and stops no job.
using SampleSink = std::function<absl::Status(const v1::Job& job, uint32_t steps_done,
                                              const std::vector<RolloutSample>& samples)>;

class JobRunner {
 public:
  // `store` must outlive the runner. Checkpoints lie in data_dir/checkpoints/<job>, the result in
  // data_dir/results/<job>. `thread_start` is run first on the learner thread.
  JobRunner(JobStore& store, std::filesystem::path data_dir, JobFunction run_job,
            std::function<void()> thread_start = {});
  ~JobRunner();  // Stop()

  std::filesystem::path CheckpointFolder(std::string_view id) const {
    return data_dir_ / "checkpoints" / id;
  }

  // Before Start. Without a sink no text of a job is kept.
  void KeepSamples(SampleSink sink) { sample_sink_ = std::move(sink); }
  void Start();
  // The running job finishes its step, leaves a checkpoint and stays unfinished in the store.
  void Stop();

  // Ends a job: at once if it is queued, within one step if it runs. Returns the job as it is when
  // it has ended, or after `timeout`. Cancelling what is cancelled is OK.
  absl::StatusOr<v1::Job> Cancel(std::string_view id, absl::Duration timeout);

  // Sets a job aside: at once if it is queued, after its step and with a checkpoint if it runs.
  // Returns the job as it is when it is paused (or has ended), or after `timeout`; the wish is
  // durable in any case. Pausing what is paused is OK.
  absl::StatusOr<v1::Job> Pause(std::string_view id, absl::Duration timeout);
  // Queues a paused job again, or takes back a pause that has not come into effect.
  absl::StatusOr<v1::Job> Resume(std::string_view id);

 private:
  class Context;
  void Loop();
  void RunJob(const std::string& id);
  bool Claim(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<v1::Job> FindOpen(std::string_view id, std::string_view what) const;
  absl::StatusOr<v1::Job> AwaitJob(std::string_view id, absl::Duration timeout,
                                   const std::function<bool(const v1::Job&)>& done) const;
  bool IsPause(const absl::Status& status) const;
  absl::Status SetAside(std::string_view id, v1::PauseReason reason, std::string_view message);
  absl::Status Finish(const v1::Job& job, const absl::Status& status);

  JobStore& store_;
  const std::filesystem::path data_dir_;
  const JobFunction run_job_;
  const std::function<void()> thread_start_;
  SampleSink sample_sink_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  std::string running_ ABSL_GUARDED_BY(mutex_);  // id of the job on the learner
  std::atomic<bool> cancel_running_ = false;
  std::atomic<bool> pause_running_ = false;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_RUNNER_H_
