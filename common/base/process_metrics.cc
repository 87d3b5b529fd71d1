#include "common/base/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/base/proc_file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

double BootSeconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double CountOpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  return count - 1;  // the folder itself was open
}

double MaxFiles() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<double>(limit.rlim_cur);
}

double MemoryLimit() {
  static const double limit =
      LeastMemoryLimit(ReadProc("/proc/meminfo"), ReadProc("/sys/fs/cgroup/memory.max"),
                       ReadProc("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  return limit;
}

absl::StatusOr<ProcessUse> ReadProcessUse() {
  static const ProcessUnits units = {static_cast<double>(sysconf(_SC_CLK_TCK)),
                                     static_cast<double>(sysconf(_SC_PAGESIZE)), BootSeconds()};
  ASSIGN_OR_RETURN(ProcessUse use, ParseProcessStat(ReadProc("/proc/self/stat"), units));
  use.open_fds = CountOpenFiles();
  use.max_fds = MaxFiles();
  return use;
}

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {name, help, type, {std::move(metric)}};
}

}  // namespace

double LeastMemoryLimit(std::string_view meminfo, std::string_view cgroup_v2,
                        std::string_view cgroup_v1) {
  double limit = 0;
  constexpr std::string_view kTotal = "MemTotal:";
  if (const size_t at = meminfo.find(kTotal); at != meminfo.npos) {
    std::istringstream text{std::string(meminfo.substr(at + kTotal.size()))};
    if (text >> limit) limit *= 1024;
  }
  for (const std::string_view group : {cgroup_v2, cgroup_v1}) {
    double bytes = 0;
    if (!absl::SimpleAtod(ToAbsl(group), &bytes)) continue;
    limit = limit > 0 ? std::min(limit, bytes) : bytes;
  }
  return limit;
}

// proc(5): state is the first field behind the name, utime the 12th of those, stime the 13th,
// num_threads the 18th, starttime the 20th, vsize the 21st and rss the 22nd.
absl::StatusOr<ProcessUse> ParseProcessStat(std::string_view text, const ProcessUnits& units) {
  const size_t name_end = text.rfind(')');
  if (name_end == text.npos) return absl::InternalError("/proc/self/stat names no program");
  const std::vector<std::string> fields =
      absl::StrSplit(ToAbsl(text.substr(name_end + 1)), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  double numbers[22] = {};
  for (size_t i = 1; i < 22; ++i) {
    if (i >= fields.size() || !absl::SimpleAtod(fields[i], &numbers[i])) {
      return absl::InternalError(StrCat("/proc/self/stat: field ", i + 3, " is no number"));
    }
  }
  ProcessUse use;
  use.cpu_seconds = (numbers[11] + numbers[12]) / units.ticks_per_second;
  use.threads = numbers[17];
  use.start_seconds = units.boot_seconds + numbers[19] / units.ticks_per_second;
  use.virtual_bytes = numbers[20];
  use.resident_bytes = numbers[21] * units.page_bytes;
  return use;
}

std::vector<prometheus::MetricFamily> ProcessMetrics() {
  const absl::StatusOr<ProcessUse> use = ReadProcessUse();
  if (!use.ok()) return {};
  constexpr auto kCounter = prometheus::MetricType::Counter;
  constexpr auto kGauge = prometheus::MetricType::Gauge;
  return {
      Family("process_cpu_seconds_total", "User and system CPU time spent in seconds.", kCounter,
             use->cpu_seconds),
      Family("process_start_time_seconds", "Start of the process since 1970 in seconds.", kGauge,
             use->start_seconds),
      Family("process_resident_memory_bytes", "Resident memory in bytes.", kGauge,
             use->resident_bytes),
      Family("process_virtual_memory_bytes", "Virtual memory in bytes.", kGauge,
             use->virtual_bytes),
      Family("process_threads", "Threads of the process.", kGauge, use->threads),
      Family("process_open_fds", "Open file descriptors.", kGauge, use->open_fds),
      Family("process_max_fds", "Most file descriptors that may be open.", kGauge, use->max_fds),
      Family("tact_memory_limit_bytes",
             "Memory that the process may use: the machine's or its cgroup's.", kGauge,
             MemoryLimit()),
  };
}

}  // namespace tact
