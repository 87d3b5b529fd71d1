#include "common/rpc/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

int OpenToAppend(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

std::string Line(const AuditEntry& entry) {
  const nlohmann::ordered_json json = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"identity", entry.identity},
      {"peer", entry.peer},
      {"method", entry.method},
      {"ids", entry.ids},
      {"code", entry.code}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Takes the part of a line back that a full disk let through, so that the next line is whole.
int TakeBack(int file, ssize_t count) {
  const off_t end = lseek(file, 0, SEEK_END);
  return end >= count && ftruncate(file, end - count) == 0 ? ENOSPC : errno;
}

// Errors by errno; 0 is none.
int Append(const std::string& path, const std::string& line) {
  const int file = OpenToAppend(path);
  if (file < 0) return errno;
  const ssize_t count = write(file, line.data(), line.size());
  int error = count < 0 ? errno : 0;
  if (count >= 0 && static_cast<size_t>(count) < line.size()) error = TakeBack(file, count);
  close(file);
  return error;
}

}  // namespace

absl::StatusOr<std::shared_ptr<AuditLog>> AuditLog::Open(const std::string& path) {
  const int file = OpenToAppend(path);
  if (file < 0) {
    return FieldError("--audit-log", path, StrCat("cannot be written (", std::strerror(errno), ")"),
                      "name a file in a folder that this user may write");
  }
  close(file);
  return std::shared_ptr<AuditLog>(new AuditLog(path));
}

void AuditLog::Write(const AuditEntry& entry) {
  const std::string line = Line(entry);
  absl::MutexLock lock(&mutex_);
  const int error = Append(path_, line);
  if (error != 0 && !failing_) {
    LogError("--audit-log: ", path_, " cannot be written (", std::strerror(error),
             "); calls go on, and are missing there");
  }
  failing_ = error != 0;
}

}  // namespace tact
