// The process_* metrics of this process, under the names and units that Prometheus' own client
// libraries give them.
#ifndef TACT_COMMON_BASE_PROCESS_METRICS_H_
#define TACT_COMMON_BASE_PROCESS_METRICS_H_

#include <prometheus/metric_family.h>

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

struct ProcessUse {
  double cpu_seconds = 0;    // user and system
  double start_seconds = 0;  // since 1970
  double resident_bytes = 0, virtual_bytes = 0;
  double threads = 0;
  double open_fds = 0, max_fds = 0;
};

// Memory that this process may use: the least of the machine's and the limits of its control group
// (cgroup v2 or v1), as their files hold it. A limit that is no number ("max") is none.
double LeastMemoryLimit(std::string_view meminfo, std::string_view cgroup_v2,
                        std::string_view cgroup_v1);

// Units of the kernel's numbers.
struct ProcessUnits {
  double ticks_per_second = 100, page_bytes = 4096;
  double boot_seconds = 0;  // when the machine started, since 1970
};

// Reads what /proc/self/stat holds; the rest of ProcessUse stays 0. The program's name in it may
// hold spaces and brackets. INTERNAL where the text is not of that form.
absl::StatusOr<ProcessUse> ParseProcessStat(std::string_view text, const ProcessUnits& units);

// Of this process, read now; empty where there is no /proc.
std::vector<prometheus::MetricFamily> ProcessMetrics();

}  // namespace tact

#endif  // TACT_COMMON_BASE_PROCESS_METRICS_H_
