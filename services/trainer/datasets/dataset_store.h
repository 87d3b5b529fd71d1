// Uploaded data sets on disk, named by their content: the file as it came, and a small json beside
// it. The trainer reads nothing that it has not parsed once at upload.
#ifndef TACT_SERVICES_TRAINER_DATASETS_DATASET_STORE_H_
#define TACT_SERVICES_TRAINER_DATASETS_DATASET_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/sha256.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct StoredDataset {
  std::string id;
  v1::DatasetKind kind = v1::DATASET_KIND_UNSPECIFIED;
  uint32_t examples = 0;
  bool has_references = true;  // false if a dialogue lacks a summary: good for PPO prompts only
  std::string filename;        // as it was uploaded; the stored name where that is not known
  uint64_t bytes = 0;
  std::filesystem::path path;
};

class DatasetStore {
 public:
  DatasetStore(std::filesystem::path folder, uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  // One upload: Append each chunk, then Finish, which verifies, parses and stores. A file that is
  // given up (destroyed before Finish) leaves nothing behind.
  class Upload {
   public:
    ~Upload();
    Upload(const Upload&) = delete;
    absl::Status Append(std::string_view chunk);
    absl::StatusOr<StoredDataset> Finish();

   private:
    friend class DatasetStore;
    Upload(const DatasetStore& store, v1::UploadHeader header, std::filesystem::path temporary);
    absl::Status CheckComplete();

    const DatasetStore& store_;
    const v1::UploadHeader header_;
    const std::filesystem::path temporary_;
    int fd_ = -1;
    uint64_t bytes_ = 0;
    Sha256 hash_;
  };

  // INVALID_ARGUMENT names the header's field at fault.
  absl::StatusOr<std::unique_ptr<Upload>> Begin(const v1::UploadHeader& header) const;

  // NOT_FOUND says how to upload one.
  absl::StatusOr<StoredDataset> Find(std::string_view id) const;

  // Every data set, by id. One that is damaged is left out.
  std::vector<StoredDataset> List() const;

 private:
  absl::StatusOr<StoredDataset> Store(const std::filesystem::path& temporary,
                                      const v1::UploadHeader& header) const;
  StoredDataset Describe(std::string id, const nlohmann::json& about) const;

  std::filesystem::path folder_;
  uint64_t max_bytes_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_DATASETS_DATASET_STORE_H_
