#include "services/policy/model_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr size_t kMaxNameLength = 64;

absl::Status VersionError(const PushTarget& target, const ServedEntry& served) {
  const bool same = target.weight_version == served.weight_version;
  return MakeError(absl::StatusCode::kAborted,
                   {.reason = "VERSION_NOT_NEWER",
                    .field = "header.weight_version",
                    .value = StrCat(target.weight_version),
                    .fix = StrCat("push a version above ", served.weight_version)},
                   StrCat("\"", target.name, "\" is served at version ", served.weight_version,
                          same ? " with another sha256" : ""));
}

}  // namespace

ModelRegistry::ModelRegistry(ServedEntry base, size_t max_models) : max_models_(max_models) {
  absl::MutexLock lock(&mutex_);
  base.name = kBaseModel;
  entries_.emplace(kBaseModel, std::move(base));
}

std::string ModelRegistry::NamesLocked() const {
  return absl::StrJoin(entries_, ", ",
                       [](std::string* out, const auto& entry) { StrAppend(out, entry.first); });
}

absl::StatusOr<ServedEntry> ModelRegistry::FindLocked(std::string_view name,
                                                      std::string_view field) const {
  const auto found = entries_.find(name.empty() ? kBaseModel : name);
  if (found != entries_.end()) return found->second;
  return MakeError(absl::StatusCode::kNotFound,
                   {.reason = "MODEL_NOT_FOUND",
                    .field = std::string(field),
                    .value = StrCat("\"", Shorten(name), "\""),
                    .fix = StrCat("use one of: ", NamesLocked())},
                   "no such model is served");
}

absl::StatusOr<ServedEntry> ModelRegistry::Find(std::string_view name,
                                                std::string_view field) const {
  absl::MutexLock lock(&mutex_);
  return FindLocked(name, field);
}

absl::StatusOr<ServedEntry> ModelRegistry::FindParent(std::string_view name,
                                                      std::string_view field) const {
  ASSIGN_OR_RETURN(ServedEntry parent, Find(name, field));
  if (parent.weights.adapter == nullptr) return parent;
  return FieldError(field, StrCat("\"", parent.name, "\""), "is an adapter itself",
                    "name a model with full weights");
}

std::vector<ServedEntry> ModelRegistry::List() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ServedEntry> list;
  for (const auto& [name, entry] : entries_) list.push_back(entry);
  return list;
}

absl::Status ModelRegistry::CheckRoomLocked(std::string_view name, std::string_view field) const {
  if (entries_.size() < max_models_) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = "TOO_MANY_MODELS",
                    .field = std::string(field),
                    .value = StrCat("\"", name, "\""),
                    .fix = StrCat("use one of: ", NamesLocked(),
                                  "; or restart the server with a higher --max-models")},
                   StrCat("the server already holds ", entries_.size(), " models, its limit"));
}

absl::StatusOr<ModelRegistry::PushCheck> ModelRegistry::CheckLocked(
    const PushTarget& target) const {
  const auto found = entries_.find(target.name);
  if (found == entries_.end()) {
    RETURN_IF_ERROR(CheckRoomLocked(target.name, "header.model"));
    return PushCheck::kNew;
  }
  const ServedEntry& served = found->second;
  if (target.weight_version > served.weight_version) return PushCheck::kNew;
  if (target.weight_version == served.weight_version && target.sha256 == served.sha256) {
    return PushCheck::kAlreadyServed;
  }
  return VersionError(target, served);
}

absl::StatusOr<ModelRegistry::PushCheck> ModelRegistry::CheckPush(const PushTarget& target) const {
  absl::MutexLock lock(&mutex_);
  return CheckLocked(target);
}

absl::StatusOr<ServedEntry> ModelRegistry::Publish(ServedEntry entry) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const PushCheck check,
                   CheckLocked({entry.name, entry.weight_version, entry.sha256}));
  ServedEntry& served = entries_[entry.name];
  if (check == PushCheck::kNew) served = std::move(entry);
  return served;
}

absl::StatusOr<ServedEntry> ModelRegistry::Load(ServedEntry entry) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(entry.name);
  if (found == entries_.end()) {
    RETURN_IF_ERROR(CheckRoomLocked(entry.name, "adapter"));
    return entries_.emplace(entry.name, entry).first->second;
  }
  const ServedEntry& served = found->second;
  if (served.sha256 == entry.sha256 && served.parent == entry.parent) return served;
  return MakeError(absl::StatusCode::kAlreadyExists,
                   {.reason = "NAME_TAKEN",
                    .field = "adapter",
                    .value = StrCat("\"", entry.name, "\""),
                    .fix = "unload it first, or use another name"},
                   StrCat("other weights are served under that name, sha256 ", served.sha256));
}

absl::StatusOr<ServedEntry> ModelRegistry::RemoveAdapter(std::string_view name,
                                                         std::string_view field) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const ServedEntry entry, FindLocked(name, field));
  if (entry.parent.empty()) {
    return FieldError(field, StrCat("\"", entry.name, "\""), "is no adapter",
                      "name one that ListAdapters shows");
  }
  entries_.erase(entry.name);
  return entry;
}

absl::Status ValidatePushName(std::string_view name, std::string_view field) {
  const bool valid =
      !name.empty() && name.size() <= kMaxNameLength && name != kBaseModel &&
      std::ranges::all_of(name, [](unsigned char c) {
        return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.';
      });
  if (valid) return absl::OkStatus();
  return FieldError(field, StrCat("\"", Shorten(name), "\""), "cannot be pushed to",
                    StrCat("use 1 to ", kMaxNameLength,
                           " lower-case letters, digits, '-', '_', '.', and not \"base\", "
                           "which keeps what the replica was started with"));
}

}  // namespace tact
