#include "common/rpc/anonymous_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/strings.h"

namespace tact {
namespace {

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

absl::Status Failed(const char* what) {
  return absl::InternalError(StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

AnonymousFile::~AnonymousFile() {
  if (file_ >= 0) close(file_);
}

absl::Status AnonymousFile::Replace(std::string_view bytes) {
  const int next = memfd_create("tact", MFD_CLOEXEC);
  if (next < 0) return Failed("memfd_create");
  const timespec stamp[2] = {{++generation_, 0}, {generation_, 0}};
  if (!WriteAll(next, bytes) || futimens(next, stamp) != 0) {
    const absl::Status status = Failed("a file in memory");
    close(next);
    return status;
  }
  if (file_ < 0) {
    file_ = next;
    return absl::OkStatus();
  }
  const bool replaced = dup3(next, file_, O_CLOEXEC) >= 0;
  const absl::Status status = replaced ? absl::OkStatus() : Failed("dup3");
  close(next);
  return status;
}

std::string AnonymousFile::path() const { return file_ < 0 ? "" : StrCat("/proc/self/fd/", file_); }

}  // namespace tact
