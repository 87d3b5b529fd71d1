// A child process with its log file: started, watched and stopped by tactctl up.
#ifndef TACT_SERVICES_TACTCTL_PROCESS_H_
#define TACT_SERVICES_TACTCTL_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact::ctl {

class ChildProcess {
 public:
  // Runs `command` in a process group of its own (Ctrl-C does not reach it), with stdout and stderr
  // appended to `log`. The child gets SIGTERM if the calling thread dies. NOT_FOUND if there is no
  // such program.
  static absl::StatusOr<ChildProcess> Start(const std::vector<std::string>& command,
                                            const std::filesystem::path& log);

  pid_t pid() const { return pid_; }
  // How it ended, once it has: "exit code 1", "signal 9 (Killed)". Does not wait.
  std::optional<std::string> Ended();
  // SIGTERM; SIGKILL after `patience_seconds`. Returns when it has ended.
  void Stop(double patience_seconds);
  // The last lines it has logged since its start.
  std::string LastLines(size_t count) const;

 private:
  ChildProcess(pid_t pid, std::filesystem::path log, uintmax_t log_start)
      : pid_(pid), log_(std::move(log)), log_start_(log_start) {}

  pid_t pid_;
  std::filesystem::path log_;
  uintmax_t log_start_;
  std::optional<std::string> ended_;
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PROCESS_H_
