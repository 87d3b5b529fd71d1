// A whole model from a hub: configuration, tokenizer and weights, in a Hugging Face folder.
#ifndef TACT_SERVICES_TACTCTL_PULL_H_
#define TACT_SERVICES_TACTCTL_PULL_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/tactctl/hub.h"

namespace tact::ctl {

struct PullOptions {
  HubOptions hub;
  std::string repository;  // "org/name"
  std::string revision = "main";
  std::filesystem::path folder;
};

// "org/name" of letters, digits, '-', '_', '.'; a revision of the same with '/'.
absl::Status CheckRepository(const std::string& repository, const std::string& revision);

// Files named by model.safetensors.index.json, each once. INVALID_ARGUMENT for names that are not
// plain file names.
absl::StatusOr<std::vector<std::string>> ShardFiles(const std::string& index_json);

// `progress` gets the file's name with done and total bytes.
absl::Status PullModel(const PullOptions& options,
                       const std::function<void(const std::string&, uint64_t, uint64_t)>& progress);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PULL_H_
