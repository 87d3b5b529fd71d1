// Folders that are either there whole or not at all.
#ifndef TACT_SERVICES_TRAINER_CHECKPOINT_ATOMIC_FOLDER_H_
#define TACT_SERVICES_TRAINER_CHECKPOINT_ATOMIC_FOLDER_H_

#include <filesystem>
#include <functional>

#include "absl/status/status.h"

namespace tact {

// Lets `fill` write files into a new folder beside `path`, fsyncs them, and renames the folder to
// `path`; what was there before is replaced. After an error `path` is as it was.
absl::Status WriteFolderAtomically(
    const std::filesystem::path& path,
    const std::function<absl::Status(const std::filesystem::path& folder)>& fill);

// The folder itself, made with its parents if need be.
absl::Status MakeFolder(const std::filesystem::path& path);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CHECKPOINT_ATOMIC_FOLDER_H_
