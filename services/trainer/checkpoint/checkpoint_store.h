// Checkpoints of one job: a folder "step-<n>" each, with state.json (small values), tensors
// (safetensors) and manifest.json (size and SHA-256 of the two). A checkpoint is there whole or not
// at all; the newest `keep` stay.
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

namespace tact {

struct LoadedCheckpoint {
  uint32_t step = 0;
  nlohmann::json state;
  ParameterMap tensors;
  std::vector<std::string> damaged;  // newer ones that could not be read, with the reason
};

class CheckpointStore {
 public:
  explicit CheckpointStore(std::filesystem::path folder, size_t keep = 2)
      : folder_(std::move(folder)), keep_(keep) {}

  // Durable when it returns OK. RESOURCE_EXHAUSTED if the disk is full; older ones then stay.
  absl::Status Save(uint32_t step, const nlohmann::json& state,
                    const std::vector<NamedTensor>& tensors);

  // The newest whose files match their manifest; nothing if there is no checkpoint at all.
  // DATA_LOSS that names the files if all are damaged.
  absl::StatusOr<std::optional<LoadedCheckpoint>> LoadNewest() const;

  std::vector<uint32_t> steps() const;  // newest first
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path PathOf(uint32_t step) const;
  absl::StatusOr<LoadedCheckpoint> Load(uint32_t step) const;
  void RemoveOld() const;

  std::filesystem::path folder_;
  size_t keep_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_STORE_H_
