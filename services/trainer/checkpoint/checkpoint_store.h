// Checkpoints of one job: a folder "step-<n>" each, with state.json (small values), tensors
// (safetensors) and manifest.json (size and SHA-256 of the two). A checkpoint is there whole or not
// at all; the newest few stay, and the best one.
#ifndef TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_STORE_H_
#define TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_STORE_H_

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/parameter_map.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct LoadedCheckpoint {
  uint32_t step = 0;
  nlohmann::json state;
  ParameterMap tensors;
  std::vector<std::string> damaged;  // newer ones that could not be read, with the reason
};

struct Retention {
  size_t keep_last = 2;
  bool keep_best = true;
};

// With the defaults of a job's spec filled in.
Retention ToRetention(const v1::RetentionSettings& settings);

class CheckpointStore {
 public:
  explicit CheckpointStore(std::filesystem::path folder, Retention retention = {})
      : folder_(std::move(folder)), retention_(retention) {}

  // Durable when it returns OK. RESOURCE_EXHAUSTED (reason DISK_FULL) if the disk is full, and
  // INTERNAL (NOT_FINITE) that names a tensor with NaN or an infinity; older ones then stay.
  // `best` is the step of the checkpoint that stays beside the newest.
  absl::Status Save(uint32_t step, const nlohmann::json& state,
                    const std::vector<NamedTensor>& tensors, std::optional<uint32_t> best = {});

  // The newest whose files match their manifest; nothing if there is no checkpoint at all.
  // DATA_LOSS that names the files if all are damaged.
  absl::StatusOr<std::optional<LoadedCheckpoint>> LoadNewest() const;

  // DATA_LOSS that names the file at fault; NOT_FOUND if there is none of that step.
  absl::StatusOr<LoadedCheckpoint> Load(uint32_t step) const;
  // state.json, once every file has been compared with the manifest.
  absl::StatusOr<nlohmann::json> ReadState(uint32_t step) const;

  std::vector<uint32_t> steps() const;  // newest first
  std::filesystem::path PathOf(uint32_t step) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void RemoveOld(std::optional<uint32_t> best) const;

  std::filesystem::path folder_;
  Retention retention_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_STORE_H_
