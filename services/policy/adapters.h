// LoadAdapter, UnloadAdapter and ListAdapters: PEFT folders served beside the base, by name.
#ifndef TACT_SERVICES_POLICY_ADAPTERS_H_
#define TACT_SERVICES_POLICY_ADAPTERS_H_

#include <filesystem>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/policy/model_registry.h"
#include "tact/v1/policy.pb.h"

namespace tact {

class AdapterHandler {
 public:
  // `registry` must outlive the handler. Clients may load folders below `root`; none where it is
  // empty.
  AdapterHandler(ModelRegistry& registry, const SequenceLimits& limits, std::filesystem::path root)
      : registry_(registry), limits_(limits), root_(std::move(root)) {}

  // Repeating a load of the same files answers what is served.
  absl::StatusOr<ServedEntry> Load(const v1::LoadAdapterRequest& request) const;
  absl::StatusOr<ServedEntry> Unload(const v1::UnloadAdapterRequest& request) const;
  std::vector<ServedEntry> List() const;  // by name

  // For the flag --adapter: "NAME=FOLDER", on the base.
  absl::Status LoadAtStart(std::string_view flag) const;

 private:
  absl::StatusOr<ServedEntry> LoadFolder(std::string_view name, std::string_view parent,
                                         const std::filesystem::path& folder) const;

  ModelRegistry& registry_;
  const SequenceLimits limits_;
  const std::filesystem::path root_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ADAPTERS_H_
