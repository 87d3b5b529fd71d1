// Which weights are served under which name and version. Thread-safe; readers get shared pointers,
// so a swap never disturbs a request in flight.
#ifndef TACT_SERVICES_POLICY_MODEL_REGISTRY_H_
#define TACT_SERVICES_POLICY_MODEL_REGISTRY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/policy/engine/task.h"

namespace tact {

inline constexpr std::string_view kBaseModel = "base";

struct ServedEntry {
  std::string name = {};
  uint64_t weight_version = 0;
  std::string sha256 = {};  // of the pushed payload; empty for base
  std::string parent = {};  // of an adapter; empty for full weights
  uint64_t parameters = 0;
  ServedWeights weights = {};
};

// What a push wants to become.
struct PushTarget {
  std::string name = {};
  uint64_t weight_version = 0;
  std::string sha256 = {};
};

class ModelRegistry {
 public:
  // `base` is served from the start; `max_models` counts it too.
  ModelRegistry(ServedEntry base, size_t max_models);

  // "" is base. NOT_FOUND lists the names that are served; `field` is what the error names.
  absl::StatusOr<ServedEntry> Find(std::string_view name, std::string_view field) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The same for what an adapter stands on; INVALID_ARGUMENT if it is an adapter itself.
  absl::StatusOr<ServedEntry> FindParent(std::string_view name, std::string_view field) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<ServedEntry> List() const ABSL_LOCKS_EXCLUDED(mutex_);  // by name

  enum class PushCheck { kNew, kAlreadyServed };
  // ABORTED if the version does not grow (the same version with the same sha256 is
  // kAlreadyServed); RESOURCE_EXHAUSTED if a new name would be one too many.
  absl::StatusOr<PushCheck> CheckPush(const PushTarget& target) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Serves `entry` from now on, after the same check. Returns what is served under its name.
  absl::StatusOr<ServedEntry> Publish(ServedEntry entry) ABSL_LOCKS_EXCLUDED(mutex_);

  // Serves an adapter that was read from disk, at version 0. ALREADY_EXISTS if other weights have
  // its name; the same sha256 answers what is served.
  absl::StatusOr<ServedEntry> Load(ServedEntry entry) ABSL_LOCKS_EXCLUDED(mutex_);
  // What was served; requests that run on it end on it. INVALID_ARGUMENT for full weights.
  absl::StatusOr<ServedEntry> RemoveAdapter(std::string_view name, std::string_view field)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::StatusOr<PushCheck> CheckLocked(const PushTarget& target) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoomLocked(std::string_view name, std::string_view field) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ServedEntry> FindLocked(std::string_view name, std::string_view field) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string NamesLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_models_;
  mutable absl::Mutex mutex_;
  std::map<std::string, ServedEntry, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

// INVALID_ARGUMENT unless `name` may be pushed: lower-case letters, digits, '-', '_', '.', at most
// 64 of them, not "base".
absl::Status ValidatePushName(std::string_view name, std::string_view field);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_MODEL_REGISTRY_H_
