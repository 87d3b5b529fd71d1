#include "services/tactctl/process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void Exec(char* const* arguments, int log, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // died before prctl
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

std::string Describe(int status) {
  if (WIFSIGNALED(status)) {
    return StrCat("signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  }
  return StrCat("exit code ", WEXITSTATUS(status));
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const std::vector<std::string>& command,
                                                 const std::filesystem::path& log) {
  if (access(command[0].c_str(), X_OK) != 0) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"NO_PROGRAM", command[0], "", "build it, or name its folder with --bin-dir"},
                     "no such program");
  }
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    return FieldError("--data-dir", log.string(), strerror(errno), "choose a folder you may write");
  }
  const auto log_start = static_cast<uintmax_t>(std::max<off_t>(lseek(file, 0, SEEK_END), 0));
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Exec(arguments.data(), file, parent);
  close(file);
  if (pid < 0) return absl::ResourceExhaustedError(StrCat("fork: ", strerror(errno)));
  return ChildProcess(pid, log, log_start);
}

std::optional<std::string> ChildProcess::Ended() {
  int status = 0;
  if (!ended_ && waitpid(pid_, &status, WNOHANG) == pid_) ended_ = Describe(status);
  return ended_;
}

void ChildProcess::Stop(double patience_seconds) {
  if (Ended()) return;
  kill(pid_, SIGTERM);
  const absl::Time limit = SteadyNow() + absl::Seconds(patience_seconds);
  while (!Ended() && SteadyNow() < limit) absl::SleepFor(absl::Milliseconds(20));
  if (Ended()) return;
  kill(pid_, SIGKILL);
  while (!Ended()) absl::SleepFor(absl::Milliseconds(5));
}

std::string ChildProcess::LastLines(size_t count) const {
  auto text = ReadFile(log_);
  if (!text.ok()) return "";
  const std::string own = text->substr(std::min<size_t>(log_start_, text->size()));
  std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(own, "\n"), '\n');
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(count));
  return absl::StrJoin(lines, "\n");
}

}  // namespace tact::ctl
