// The machine as doctor looks at it: clocks, memory, disk, threads. Numbers go in, findings come
// out.
#ifndef TACT_SERVICES_TACTCTL_MACHINE_CHECK_H_
#define TACT_SERVICES_TACTCTL_MACHINE_CHECK_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "services/tactctl/finding.h"
#include "services/tactctl/replica_report.h"

namespace tact::ctl {

// Fails above 5 minutes, warns above 2 seconds, what the measurement leaves open not counted.
Finding CheckClock(const ReplicaReport& report);

struct MemoryNeeds {
  uint64_t policy_parameters = 0, reward_parameters = 0;
  bool models_are_loaded = false;  // the services run: theirs is taken already
};
// Weights in f32 for what is served; a job holds the policy's once more, and with gradients and
// AdamW's two means four times (all weights). Fails where the models do not fit, warns where a job
// of all weights would not.
Finding CheckMemory(std::optional<uint64_t> available_bytes, const MemoryNeeds& needs);

// Checkpoints of a job of all weights hold 3 x 4 bytes a parameter, and two are kept. Fails below
// 100 MiB, warns where they would not fit.
Finding CheckDisk(const std::string& folder, uint64_t free_bytes, uint64_t policy_parameters);

// `limit` is how many threads this user may have; 0: no limit. Each service has up to 64 handlers.
Finding CheckThreads(int cpus, uint64_t limit);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_MACHINE_CHECK_H_
