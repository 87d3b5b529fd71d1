#include "services/tactctl/port_check.h"

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "absl/strings/ascii.h"
#include "common/base/proc_file.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kListening = 0x0A;

// The program that holds a socket, among those whose files this user may see.
std::string HolderOf(uint64_t inode) {
  const std::string wanted = StrCat("socket:[", inode, "]");
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const std::string pid = process.path().filename();
    if (!absl::ascii_isdigit(static_cast<unsigned char>(pid[0]))) continue;
    for (const auto& file : fs::directory_iterator(process.path() / "fd", error)) {
      if (fs::read_symlink(file.path(), error) != wanted) continue;
      std::string name = ReadProc((process.path() / "comm").c_str());
      absl::StripTrailingAsciiWhitespace(&name);
      return StrCat(name, " (pid ", pid, ")");
    }
  }
  return "another user's program";
}

}  // namespace

std::optional<uint64_t> ListeningInode(std::string_view table, int port) {
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    unsigned found = 0, state = 0;
    unsigned long inode = 0;
    const int read = std::sscanf(
        line.c_str(), " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*d %*d %lu", &found,
        &state, &inode);
    if (read == 3 && state == kListening && found == static_cast<unsigned>(port)) return inode;
  }
  return std::nullopt;
}

std::optional<std::string> FindListener(int port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    if (const auto inode = ListeningInode(ReadProc(table), port)) return HolderOf(*inode);
  }
  return std::nullopt;
}

Finding CheckPort(const std::string& service, const std::string& address, Health health,
                  bool on_this_machine, const std::optional<std::string>& listener) {
  const std::string check = StrCat("port ", address);
  const std::string program = StrCat("tact-", service);
  if (health == Health::kServing) return {check, Verdict::kOk, program + " answers, serving", ""};
  if (health == Health::kNotServing) {
    return {check, Verdict::kFail, program + " answers, not serving",
            "ask its /readyz for the reason, and look into its log"};
  }
  if (!on_this_machine) {
    return {check, Verdict::kFail, "does not answer",
            "see that it runs, that the address is right, and that --ca, --cert and --key fit"};
  }
  if (!listener) return {check, Verdict::kOk, "free: tactctl up can take it", ""};
  return {check, Verdict::kFail, StrCat(*listener, " listens, and does not answer as ", program),
          "stop it or choose other ports (--ports); give --ca, --cert and --key where TLS is on"};
}

}  // namespace tact::ctl
