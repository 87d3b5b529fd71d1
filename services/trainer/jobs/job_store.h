// Jobs, their events and what is published, durable: a call that returns OK survives kill -9.
// May be used from several threads.
#ifndef TACT_SERVICES_TRAINER_JOBS_JOB_STORE_H_
#define TACT_SERVICES_TRAINER_JOBS_JOB_STORE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/trainer/jobs/database.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

inline bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

struct JobEvent {
  uint64_t sequence = 0;  // 1, 2, ... within a job
  v1::Job job;
  bool is_step = false;
};

struct JobPage {
  std::vector<v1::Job> jobs;    // newest first
  std::string next_page_token;  // empty on the last page
};

// Which jobs a list shows; every field that is set must hold.
struct JobFilter {
  std::vector<int> states;    // v1::JobState; empty is any
  std::vector<int> kinds;     // v1::JobKind; empty is any
  std::string name_contains;  // empty is any

  bool Takes(const v1::Job& job) const;
};

// Weights that the policy replicas are to serve under a name.
struct PublishedModel {
  std::string model;
  uint64_t version = 0;
  std::string sha256;
  std::string payload_file;  // under the data folder
  std::string parent;        // empty for full weights
  uint32_t rank = 0;         // of an adapter
  double alpha = 0;
  std::string job_id;  // whose result it is
};

class JobStore {
 public:
  static absl::StatusOr<std::unique_ptr<JobStore>> Open(const std::filesystem::path& path);

  // Idempotent by request_id: the same id with the same `asked` (the spec as the caller sent it)
  // returns the job of the first call, with another one ALREADY_EXISTS.
  absl::StatusOr<v1::Job> Create(std::string_view request_id, const v1::JobSpec& asked,
                                 const v1::JobSpec& resolved);
  // The job that this request made, if there is one; ALREADY_EXISTS as above.
  absl::StatusOr<std::optional<v1::Job>> FindRequest(std::string_view request_id,
                                                     const v1::JobSpec& asked) const;

  absl::StatusOr<v1::Job> Get(std::string_view id) const;  // NOT_FOUND
  absl::StatusOr<JobPage> List(uint32_t page_size, std::string_view page_token,
                               const JobFilter& filter = {}) const;
  // Oldest first; QUEUED, RUNNING or WAITING.
  absl::StatusOr<std::vector<v1::Job>> Unfinished() const;

  // Changes a job and records the event, in one transaction. FAILED_PRECONDITION if it has ended.
  absl::StatusOr<v1::Job> Update(std::string_view id, bool is_step,
                                 const std::function<void(v1::Job&)>& change);

  // At most `limit` events above a sequence.
  absl::StatusOr<std::vector<JobEvent>> EventsAfter(std::string_view id, uint64_t sequence,
                                                    int limit) const;
  // Returns when any job has changed since `seen` (0 at first, then what it returned), or after
  // `timeout`.
  uint64_t WaitForChange(uint64_t seen, absl::Duration timeout) const;

  // A user's wish to end a job, kept over restarts.
  absl::Status RequestCancel(std::string_view id);
  bool IsCancelRequested(std::string_view id) const;

  // A user's wish to set a job aside, kept over restarts until the job is paused or resumed.
  absl::Status SetPauseRequested(std::string_view id, bool requested);
  bool IsPauseRequested(std::string_view id) const;

  // Reserves a version for a served name: above every one before and above `at_least`.
  absl::StatusOr<uint64_t> NextVersion(std::string_view model, uint64_t at_least);
  // The version that was reserved last for a served name; 0 if none was.
  absl::StatusOr<uint64_t> LastVersion(std::string_view model) const;
  absl::Status SetPublished(const PublishedModel& published);
  absl::StatusOr<std::vector<PublishedModel>> Published() const;

 private:
  explicit JobStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  absl::StatusOr<v1::Job> GetLocked(std::string_view id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::optional<v1::Job>> FindRequestLocked(std::string_view request_id,
                                                           const v1::JobSpec& asked) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InsertLocked(std::string_view request_id, const v1::JobSpec& asked,
                            const v1::Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AppendEventLocked(const v1::Job& job, bool is_step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::unique_ptr<Database> database_ ABSL_GUARDED_BY(mutex_);
  uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_JOB_STORE_H_
