#include "common/base/memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "common/base/proc_file.h"

namespace tact {
namespace {

// The number after the word `name`, which begins a line.
std::optional<uint64_t> NumberAfter(std::string_view text, std::string_view name) {
  std::istringstream in{std::string(text)};
  std::string line, word;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    uint64_t value = 0;
    if (words >> word >> value && word == name) return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> Number(std::string_view text) {
  std::istringstream in{std::string(text)};
  uint64_t value = 0;
  return in >> value ? std::optional(value) : std::nullopt;
}

}  // namespace

uint64_t ResidentBytes() {
  std::ifstream in("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<uint64_t> MachineRoom(std::string_view meminfo) {
  const auto kilobytes = NumberAfter(meminfo, "MemAvailable:");
  return kilobytes ? std::optional(*kilobytes * 1024) : std::nullopt;
}

std::optional<uint64_t> CgroupRoom(std::string_view max, std::string_view current,
                                   std::string_view stat) {
  const auto limit = Number(max), used = Number(current);  // "max" is no number
  if (!limit || !used) return std::nullopt;
  const uint64_t idle = std::min(NumberAfter(stat, "inactive_file").value_or(0), *used);
  return *limit - std::min(*limit, *used - idle);
}

std::optional<uint64_t> AvailableBytes() {
  const auto machine = MachineRoom(ReadProc("/proc/meminfo"));
  const auto container =
      CgroupRoom(ReadProc("/sys/fs/cgroup/memory.max"), ReadProc("/sys/fs/cgroup/memory.current"),
                 ReadProc("/sys/fs/cgroup/memory.stat"));
  if (!machine || !container) return machine ? machine : container;
  return std::min(*machine, *container);
}

}  // namespace tact
