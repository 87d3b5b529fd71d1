#include "services/policy/adapters.h"

#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/policy/adapter_folder.h"

namespace tact {
namespace {

absl::Status NoRoot() {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {.reason = "NO_ADAPTER_FOLDER",
                    .field = "path",
                    .value = "",
                    .fix = "start it with --adapter-dir, or push the adapter with PushWeights"},
                   "this server loads no adapters from its disk");
}

}  // namespace

absl::StatusOr<ServedEntry> AdapterHandler::LoadFolder(std::string_view name,
                                                       std::string_view parent_name,
                                                       const std::filesystem::path& folder) const {
  RETURN_IF_ERROR(ValidatePushName(name, "adapter"));
  ASSIGN_OR_RETURN(const ServedEntry parent, registry_.FindParent(parent_name, "parent"));
  const std::shared_ptr<const Snapshot>& snapshot = parent.weights.snapshot;
  ASSIGN_OR_RETURN(LoadedAdapter loaded, LoadAdapterFolder(folder, snapshot->config, limits_));
  return registry_.Load({.name = std::string(name),
                         .sha256 = std::move(loaded.sha256),
                         .parent = parent.name,
                         .parameters = loaded.adapter->parameters,
                         .weights = {snapshot, loaded.adapter}});
}

absl::StatusOr<ServedEntry> AdapterHandler::Load(const v1::LoadAdapterRequest& request) const {
  if (root_.empty()) return NoRoot();
  if (request.path().empty()) {
    return FieldError("path", "\"\"", "is empty",
                      "give the adapter's folder, relative to the server's --adapter-dir");
  }
  ASSIGN_OR_RETURN(const std::filesystem::path folder, ConfinePath(root_, request.path()));
  return LoadFolder(request.adapter(), request.parent(), folder);
}

absl::StatusOr<ServedEntry> AdapterHandler::Unload(const v1::UnloadAdapterRequest& request) const {
  return registry_.RemoveAdapter(request.adapter(), "adapter");
}

std::vector<ServedEntry> AdapterHandler::List() const {
  std::vector<ServedEntry> adapters = registry_.List();
  std::erase_if(adapters, [](const ServedEntry& entry) { return entry.parent.empty(); });
  return adapters;
}

absl::Status AdapterHandler::LoadAtStart(std::string_view flag) const {
  const size_t equals = flag.find('=');
  if (equals == flag.npos) {
    return FieldError("--adapter", flag, "has no name", "write --adapter NAME=FOLDER");
  }
  return Annotate(
      LoadFolder(flag.substr(0, equals), kBaseModel, std::string(flag.substr(equals + 1))).status(),
      "--adapter");
}

}  // namespace tact
