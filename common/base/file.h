// Files: whole reads, memory maps, and writes that are either there whole or not at all.
#ifndef TACT_COMMON_BASE_FILE_H_
#define TACT_COMMON_BASE_FILE_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact {

// The whole file. NOT_FOUND if there is none; INVALID_ARGUMENT if it is above `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path,
                                     size_t max_bytes = size_t{1} << 30);

// The whole file in pieces of 1 MiB, in order. NOT_FOUND if there is none.
absl::Status ReadPieces(const std::filesystem::path& path,
                        absl::FunctionRef<void(std::string_view)> body);

// Writes to a temporary file beside `path`, fsyncs, renames over `path`, fsyncs the folder.
// RESOURCE_EXHAUSTED with the reason DISK_FULL when the disk, a quota or a limit on the size of a
// file is used up; then `path` is as it was.
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);
// The same for what lies in several places: one after the other.
absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const std::string_view> pieces);

// fsyncs a file or folder.
absl::Status SyncPath(const std::filesystem::path& path);

// A file that a client named, resolved under `root`; PERMISSION_DENIED if it would leave it
// ("..", absolute elsewhere, a link that points out or nowhere) or holds a NUL.
absl::StatusOr<std::filesystem::path> ConfinePath(const std::filesystem::path& root,
                                                  std::string_view relative);

// A read-only memory map; the bytes live as long as the object.
class MappedFile {
 public:
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Lets the pages of a part go, where all of it lies in the map: they are read from the file again
  // if they are touched. Bytes elsewhere are left alone.
  void Release(std::span<const std::byte> part) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, size_t size);
  std::filesystem::path path_;
  const std::byte* data_;
  size_t size_;
};

}  // namespace tact

#endif  // TACT_COMMON_BASE_FILE_H_
