// Programs run by tests: to their end with captured output, or in the background.
#ifndef TACT_SERVICES_TACTCTL_TESTING_SUBPROCESS_H_
#define TACT_SERVICES_TACTCTL_TESTING_SUBPROCESS_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tact::testing {

struct Finished {
  int code = -1;  // exit code; 128 + signal if killed
  std::string out;
  std::string err;
};

// Waits for the end; kills it after `seconds` (then code is 137).
Finished RunProgram(const std::vector<std::string>& command, double seconds = 120);

// A program in the background; killed when the object goes.
class Background {
 public:
  Background(const std::vector<std::string>& command, std::filesystem::path out,
             std::filesystem::path err);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // The exit code as in Finished; nothing if it still runs after `seconds`.
  std::optional<int> Wait(double seconds);
  std::string out() const;
  std::string err() const;

 private:
  pid_t pid_;
  std::filesystem::path out_, err_;
  std::optional<int> code_;
};

// A fresh folder, removed with everything in it when the object goes.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// True once `condition` holds; false after `seconds`.
bool WaitFor(const std::function<bool()>& condition, double seconds = 30);
bool IsAlive(pid_t pid);
std::string ReadAll(const std::filesystem::path& path);
// TACT_BIN_DIR / name; TACT_SOURCE_DIR.
std::string Binary(const std::string& name);
std::filesystem::path SourceDir();

}  // namespace tact::testing

#endif  // TACT_SERVICES_TACTCTL_TESTING_SUBPROCESS_H_
