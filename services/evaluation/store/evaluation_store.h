// Evaluations on disk: one file each, written whole or not at all, behind a checksum. Summaries
// (without examples and results) are also in memory, so listing and watching read no file.
// Thread-safe.
#ifndef TACT_SERVICES_EVALUATION_STORE_EVALUATION_STORE_H_
#define TACT_SERVICES_EVALUATION_STORE_EVALUATION_STORE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// `record` without spec.examples and results.
v1::Evaluation SummaryOf(const v1::Evaluation& record);

class EvaluationStore {
 public:
  // A summary and a number that grows with each change of it.
  struct Watched {
    v1::Evaluation summary;
    uint64_t revision = 0;
  };
  struct Page {
    std::vector<v1::Evaluation> summaries;
    std::string next_token;
  };

  // Makes `folder` if need be, removes what a crash left half-written, reads what is there. A
  // damaged file is skipped with an error in the log, and stays where it is.
  static absl::StatusOr<std::unique_ptr<EvaluationStore>> Open(const std::filesystem::path& folder,
                                                               size_t max_evaluations);

  // Stores a new evaluation durably; true if it is new, false (and nothing changes) if its id is
  // there. Above the bound the oldest that has ended goes; RESOURCE_EXHAUSTED if none has.
  absl::StatusOr<bool> Create(const v1::Evaluation& record) ABSL_LOCKS_EXCLUDED(write_, mutex_);
  // Replaces one durably. Where the disk refuses, memory shows it as failed for that reason.
  absl::Status Finish(const v1::Evaluation& record) ABSL_LOCKS_EXCLUDED(write_, mutex_);
  // In memory only: a restart begins anew.
  void SetProgress(std::string_view id, uint32_t done) ABSL_LOCKS_EXCLUDED(mutex_);

  // NOT_FOUND names the id.
  absl::StatusOr<v1::Evaluation> Summary(std::string_view id) const ABSL_LOCKS_EXCLUDED(mutex_);
  // With examples and results; DATA_LOSS if the file has been damaged since.
  absl::StatusOr<v1::Evaluation> Read(std::string_view id) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Newest first; `token` is "" or a page's next_token.
  absl::StatusOr<Page> List(size_t page_size, std::string_view token) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Oldest first.
  std::vector<std::string> RunningIds() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the revision is another than `seen` (0: at once) or `timeout` has passed.
  absl::StatusOr<Watched> WaitForChange(std::string_view id, uint64_t seen,
                                        absl::Duration timeout) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  EvaluationStore(std::filesystem::path folder, size_t max_evaluations)
      : folder_(std::move(folder)), max_evaluations_(max_evaluations) {}
  absl::Status ReadAll();
  absl::Status MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_);
  std::string OldestEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<const v1::Evaluation*> NewestFirst() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remember(const v1::Evaluation& record) ABSL_LOCKS_EXCLUDED(mutex_);
  std::filesystem::path PathOf(std::string_view id) const;

  const std::filesystem::path folder_;
  const size_t max_evaluations_;
  absl::Mutex write_ ABSL_ACQUIRED_BEFORE(mutex_);  // one writer of files at a time
  mutable absl::Mutex mutex_;
  std::map<std::string, Watched, std::less<>> evaluations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_STORE_EVALUATION_STORE_H_
