#include "services/trainer/checkpoint/atomic_folder.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

absl::Status FolderError(const fs::path& path, std::string_view doing, std::error_code error) {
  const std::string text = StrCat(path.string(), ": cannot ", doing, ": ", error.message());
  if (error == std::errc::no_space_on_device) {
    return WithErrorDetail(absl::ResourceExhaustedError(text),
                           {"DISK_FULL", path.string(), "", "free some space"});
  }
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

absl::Status SyncFiles(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    RETURN_IF_ERROR(SyncPath(entry.path()));
  }
  if (error) return FolderError(folder, "list", error);
  return SyncPath(folder);
}

absl::Status Replace(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to)) {
    const fs::path old = StrCat(to.string(), ".old");
    fs::remove_all(old, error);
    fs::rename(to, old, error);
    if (error) return FolderError(to, "move aside", error);
  }
  fs::rename(from, to, error);
  if (error) return FolderError(to, "rename to", error);
  fs::remove_all(StrCat(to.string(), ".old"), error);
  return SyncPath(to.parent_path());
}

}  // namespace

absl::Status MakeFolder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? FolderError(path, "make", error) : absl::OkStatus();
}

absl::Status WriteFolderAtomically(const fs::path& path,
                                   const std::function<absl::Status(const fs::path&)>& fill) {
  const fs::path temporary = StrCat(path.string(), ".tmp");
  std::error_code error;
  fs::remove_all(temporary, error);
  RETURN_IF_ERROR(MakeFolder(temporary));
  absl::Cleanup remove = [&] { fs::remove_all(temporary, error); };
  RETURN_IF_ERROR(fill(temporary));
  RETURN_IF_ERROR(SyncFiles(temporary));
  return Replace(temporary, path);
}

}  // namespace tact
