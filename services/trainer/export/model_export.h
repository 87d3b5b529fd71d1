// The result of a job as a stream of files, never more than a chunk of one in memory.
#ifndef TACT_SERVICES_TRAINER_EXPORT_MODEL_EXPORT_H_
#define TACT_SERVICES_TRAINER_EXPORT_MODEL_EXPORT_H_

#include <filesystem>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/weights/model_source.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// Takes one message; false once the receiver has gone.
using ExportWriter = std::function<bool(const v1::ExportModelResponse&)>;

class ModelExporter {
 public:
  // Removes what an export that was killed left under data_dir/exports.
  ModelExporter(TrainerFolders folders, JobLookup find_job);

  // Every file of the job's result folder, sorted by name: a header, then chunks of at most 1 MiB.
  // With merge_adapter, where the result is an adapter, those of its base with the adapter merged,
  // a Hugging Face folder that needs nothing else. NOT_FOUND for an unknown job,
  // FAILED_PRECONDITION while it has no result, CANCELLED once `write` returns false.
  absl::Status Export(const v1::ExportModelRequest& request, const ExportWriter& write) const;

 private:
  absl::StatusOr<v1::Job> FinishedJob(std::string_view id) const;
  absl::Status ExportMerged(const v1::Job& job, const ExportWriter& write) const;

  const TrainerFolders folders_;
  const JobLookup find_job_;
  mutable absl::Mutex merge_mutex_;  // one model in memory at a time
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_EXPORT_MODEL_EXPORT_H_
