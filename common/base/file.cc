#include "common/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

absl::Status ErrnoError(const std::filesystem::path& path, std::string_view doing) {
  const int code = errno;
  const std::string text = StrCat(path.string(), ": ", doing, ": ", std::strerror(code));
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return WithErrorDetail(absl::ResourceExhaustedError(text),
                             {"DISK_FULL", path.string(), "", "free some space"});
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(path, "cannot write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status WriteDurably(int fd, std::span<const std::string_view> pieces,
                          const std::filesystem::path& path) {
  for (const std::string_view piece : pieces) RETURN_IF_ERROR(WriteAll(fd, piece, path));
  return ::fsync(fd) == 0 ? absl::OkStatus() : ErrnoError(path, "cannot fsync");
}

// Up to `size` bytes; fewer at the end of the file only.
absl::StatusOr<size_t> ReadUpTo(int fd, char* data, size_t size,
                                const std::filesystem::path& path) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, data + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(path, "cannot read");
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

absl::StatusOr<size_t> SizeOf(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return ErrnoError(path, "cannot stat");
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(StrCat(path.string(), ": not a regular file"));
  }
  return static_cast<size_t>(info.st_size);
}

// Whether a link is left on the way from `base`: weakly_canonical keeps one to nowhere as it is,
// and a file made there would be elsewhere.
bool HasLink(const std::filesystem::path& base, std::filesystem::path::iterator part,
             const std::filesystem::path::iterator& end) {
  std::filesystem::path step = base;
  for (; part != end; ++part) {
    step /= *part;
    std::error_code error;
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(step, error))) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(path, "cannot open");
  absl::Cleanup close = [fd] { ::close(fd); };
  ASSIGN_OR_RETURN(const size_t size, SizeOf(fd, path));
  if (size > max_bytes) {
    return FieldError(path.string(), StrCat(size, " bytes"),
                      StrCat("the file is above the limit of ", max_bytes, " bytes"),
                      "split it or raise the limit");
  }
  std::string out(size, '\0');
  ASSIGN_OR_RETURN(const size_t done, ReadUpTo(fd, out.data(), size, path));
  out.resize(done);
  return out;
}

absl::Status ReadPieces(const std::filesystem::path& path,
                        absl::FunctionRef<void(std::string_view)> body) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(path, "cannot open");
  absl::Cleanup close = [fd] { ::close(fd); };
  std::string piece(size_t{1} << 20, '\0');
  while (true) {
    ASSIGN_OR_RETURN(const size_t size, ReadUpTo(fd, piece.data(), piece.size(), path));
    if (size == 0) return absl::OkStatus();
    body({piece.data(), size});
  }
}

absl::Status SyncPath(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(path, "cannot open");
  absl::Cleanup close = [fd] { ::close(fd); };
  if (::fsync(fd) != 0) return ErrnoError(path, "cannot fsync");
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes) {
  return WriteFileAtomically(path, std::span(&bytes, 1));
}

absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const std::string_view> pieces) {
  const std::filesystem::path temporary =
      StrCat(path.string(), ".tmp.", static_cast<long>(::getpid()));
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError(temporary, "cannot create");
  const absl::Status written = WriteDurably(fd, pieces, temporary);
  ::close(fd);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) == 0) {
    const auto folder = path.parent_path();
    return SyncPath(folder.empty() ? "." : folder);
  }
  const absl::Status failed = written.ok() ? ErrnoError(path, "cannot rename to") : written;
  ::unlink(temporary.c_str());
  return failed;
}

absl::StatusOr<std::filesystem::path> ConfinePath(const std::filesystem::path& root,
                                                  std::string_view relative) {
  std::error_code error;
  const auto base = std::filesystem::weakly_canonical(root, error);
  const auto full = std::filesystem::weakly_canonical(base / std::string(relative), error);
  const auto [end, rest] = std::mismatch(base.begin(), base.end(), full.begin(), full.end());
  const bool has_nul = relative.find('\0') != relative.npos;  // where the kernel's name ends
  if (error || has_nul || end != base.end() || HasLink(base, rest, full.end())) {
    return MakeError(absl::StatusCode::kPermissionDenied,
                     {"PATH_OUTSIDE_ROOT", std::string(relative), "",
                      StrCat("name a file under ", root.string())},
                     "the path leaves the configured root");
  }
  return full;
}

absl::StatusOr<std::shared_ptr<const MappedFile>> MappedFile::Open(
    const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(path, "cannot open");
  absl::Cleanup close = [fd] { ::close(fd); };
  ASSIGN_OR_RETURN(const size_t size, SizeOf(fd, path));
  const std::byte* data = nullptr;
  if (size > 0) {
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) return ErrnoError(path, "cannot map");
    data = static_cast<const std::byte*>(mapped);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(path, data, size));
}

MappedFile::MappedFile(std::filesystem::path path, const std::byte* data, size_t size)
    : path_(std::move(path)), data_(data), size_(size) {}

void MappedFile::Release(std::span<const std::byte> part) const {
  const std::less_equal<const std::byte*> ordered;
  if (part.empty() || !ordered(data_, part.data()) ||
      !ordered(part.data() + part.size(), data_ + size_)) {
    return;
  }
  // Linux maps up to 64 KB around each page that is touched: those pages go as well.
  constexpr uintptr_t kWindow = 64 << 10;
  const auto map = reinterpret_cast<uintptr_t>(data_),
             page = static_cast<uintptr_t>(::getpagesize());
  const auto first = reinterpret_cast<uintptr_t>(part.data());
  const uintptr_t begin = std::max(map, first / kWindow * kWindow);
  const uintptr_t end = std::min((map + size_ + page - 1) / page * page,
                                 (first + part.size() + kWindow - 1) / kWindow * kWindow);
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace tact
