#include "services/tactctl/testing/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace tact::testing {
namespace {

using Clock = std::chrono::steady_clock;

void Redirect(const std::filesystem::path& path, int target) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(file, target);
  close(file);
}

pid_t Spawn(const std::vector<std::string>& command, const std::filesystem::path& out,
            const std::filesystem::path& err) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  Redirect("/dev/null", STDIN_FILENO);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  Redirect(out, STDOUT_FILENO);
  Redirect(err, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

int CodeOf(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Finished RunProgram(const std::vector<std::string>& command, double seconds) {
  const TempFolder folder;
  Background program(command, folder.path() / "out", folder.path() / "err");
  std::optional<int> code = program.Wait(seconds);
  if (!code) {
    program.Signal(SIGKILL);
    code = program.Wait(10);
  }
  return {code.value_or(-1), program.out(), program.err()};
}

Background::Background(const std::vector<std::string>& command, std::filesystem::path out,
                       std::filesystem::path err)
    : pid_(Spawn(command, out, err)), out_(std::move(out)), err_(std::move(err)) {}

Background::~Background() {
  if (Wait(0)) return;
  Signal(SIGTERM);
  if (Wait(60)) return;
  Signal(SIGKILL);
  Wait(10);
}

void Background::Signal(int signal) const {
  if (!code_) kill(pid_, signal);
}

std::optional<int> Background::Wait(double seconds) {
  WaitFor(
      [this] {
        int status = 0;
        if (!code_ && waitpid(pid_, &status, WNOHANG) == pid_) code_ = CodeOf(status);
        return code_.has_value();
      },
      seconds);
  return code_;
}

std::string Background::out() const { return ReadAll(out_); }
std::string Background::err() const { return ReadAll(err_); }

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tact-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) abort();
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool WaitFor(const std::function<bool()>& condition, double seconds) {
  const auto limit = Clock::now() + std::chrono::duration<double>(seconds);
  while (!condition()) {
    if (Clock::now() >= limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

bool IsAlive(pid_t pid) { return pid > 0 && kill(pid, 0) == 0; }

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Binary(const std::string& name) {
  const char* folder = getenv("TACT_BIN_DIR");
  return (std::filesystem::path(folder != nullptr ? folder : ".") / name).string();
}

std::filesystem::path SourceDir() {
  const char* folder = getenv("TACT_SOURCE_DIR");
  return folder != nullptr ? folder : ".";
}

}  // namespace tact::testing
