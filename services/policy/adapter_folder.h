// A PEFT adapter folder as the engine serves it: adapter_config.json with adapter_model.safetensors
// or adapter_model.bin.
#ifndef TACT_SERVICES_POLICY_ADAPTER_FOLDER_H_
#define TACT_SERVICES_POLICY_ADAPTER_FOLDER_H_

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/policy/engine/adapter.h"

namespace tact {

struct LoadedAdapter {
  std::shared_ptr<const Adapter> adapter;
  std::string sha256;  // of adapter_config.json and every tensor with its name, in order of name
};

// For the model of `config`. A missing or corrupt file, or an adapter of another model, is an error
// that names the file.
absl::StatusOr<LoadedAdapter> LoadAdapterFolder(const std::filesystem::path& folder,
                                                const T5Config& config,
                                                const SequenceLimits& limits);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ADAPTER_FOLDER_H_
