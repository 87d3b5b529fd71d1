#include "services/trainer/export/model_export.h"

#include <atomic>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/export/file_stream.h"
#include "services/trainer/weights/results.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

fs::path ExportsFolder(const TrainerFolders& folders) { return folders.data_dir / "exports"; }

absl::Status NoResult(const v1::Job& job) {
  const bool paused = job.state() == v1::JOB_STATE_PAUSED;
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"NO_RESULT", "id", job.id(),
                    job.finished_at() > 0 ? "export a job that has succeeded"
                    : paused              ? "resume it, and wait until it has succeeded"
                                          : "wait until it has succeeded"},
                   StrCat("this job has no result, its state is ", v1::JobState_Name(job.state())));
}

}  // namespace

ModelExporter::ModelExporter(TrainerFolders folders, JobLookup find_job)
    : folders_(std::move(folders)), find_job_(std::move(find_job)) {
  std::error_code error;
  fs::remove_all(ExportsFolder(folders_), error);
  if (error) LogWarning(ExportsFolder(folders_).string(), ": cannot remove: ", error.message());
}

absl::StatusOr<v1::Job> ModelExporter::FinishedJob(std::string_view id) const {
  ASSIGN_OR_RETURN(v1::Job job, find_job_(id));
  if (job.state() != v1::JOB_STATE_SUCCEEDED || job.result_path().empty()) return NoResult(job);
  return job;
}

absl::Status ModelExporter::Export(const v1::ExportModelRequest& request,
                                   const ExportWriter& write) const {
  ASSIGN_OR_RETURN(const v1::Job job, FinishedJob(request.id()));
  ASSIGN_OR_RETURN(const fs::path result, ConfinePath(folders_.data_dir, job.result_path()));
  std::error_code error;
  const bool is_adapter = fs::exists(result / "adapter_config.json", error);
  if (request.merge_adapter() && is_adapter) return ExportMerged(job, write);
  return StreamFolder(result, write);
}

// The adapter is merged as it is for a job that starts from this one, so that both are the same.
absl::Status ModelExporter::ExportMerged(const v1::Job& job, const ExportWriter& write) const {
  static std::atomic<uint64_t> counter = 0;
  const fs::path folder = ExportsFolder(folders_) / StrCat(job.id(), "-", counter++);
  absl::Cleanup remove = [&] {
    std::error_code error;
    fs::remove_all(folder, error);
  };
  v1::JobSpec from_job;
  from_job.set_base_job(job.id());
  ASSIGN_OR_RETURN(const ModelSource source, ResolveSource(from_job, folders_, find_job_));
  {
    absl::MutexLock lock(&merge_mutex_);
    ASSIGN_OR_RETURN(const auto model, LoadT5(source, from_job));
    RETURN_IF_ERROR(SaveModelResult(folder, *model, source));
  }
  return StreamFolder(folder, write);
}

}  // namespace tact
