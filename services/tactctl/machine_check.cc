#include "services/tactctl/machine_check.h"

#include <algorithm>
#include <cmath>

#include "common/base/strings.h"
#include "services/tactctl/output.h"

namespace tact::ctl {
namespace {

constexpr double kSkewWarnSeconds = 2, kSkewFailSeconds = 300;
constexpr uint64_t kServedBytes = 4, kTrainedBytes = 16, kCheckpointBytes = 12;
constexpr uint64_t kLeastDisk = 100 << 20;
constexpr uint64_t kThreadsNeeded = 4 * (64 + 16);

std::string Gibibytes(uint64_t bytes) {
  return StrCat(Number(static_cast<double>(bytes) / (1 << 30), 2), " GiB");
}

}  // namespace

Finding CheckClock(const ReplicaReport& report) {
  const std::string check = StrCat("clock ", report.service, " ", report.address);
  if (!report.stamp) {
    return {check, Verdict::kWarn, StrCat("tells no time: ", report.detail),
            "see whether it runs this version of tact"};
  }
  const double least = std::max(0.0, std::abs(report.skew_seconds) - report.skew_error_seconds);
  const std::string found = StrCat("differs by ", Number(report.skew_seconds, 3), " s (+-",
                                   Number(report.skew_error_seconds, 3), ")");
  if (least <= kSkewWarnSeconds) return {check, Verdict::kOk, found, ""};
  return {check, least > kSkewFailSeconds ? Verdict::kFail : Verdict::kWarn, found,
          "set both clocks by NTP: certificates and times of jobs depend on them"};
}

Finding CheckMemory(std::optional<uint64_t> available_bytes, const MemoryNeeds& needs) {
  if (!available_bytes) {
    return {"memory", Verdict::kWarn, "the system does not say how much is available",
            "watch tact's process metrics instead"};
  }
  const uint64_t served = (needs.policy_parameters + needs.reward_parameters) * kServedBytes;
  const uint64_t still = needs.models_are_loaded ? 0 : served;
  const uint64_t job = needs.policy_parameters * kTrainedBytes;
  const std::string found =
      StrCat(Gibibytes(*available_bytes), " available; served weights take ", Gibibytes(served),
             needs.models_are_loaded ? " (held already)" : "", ", a job of all weights ",
             Gibibytes(job), " and its activations");
  if (*available_bytes < still) {
    return {"memory", Verdict::kFail, found, "free memory, or serve smaller models or int8"};
  }
  if (*available_bytes < still + job) {
    return {"memory", Verdict::kWarn, found, "train with LoRA; tactctl train --dry-run tells more"};
  }
  return {"memory", Verdict::kOk, found, ""};
}

Finding CheckDisk(const std::string& folder, uint64_t free_bytes, uint64_t policy_parameters) {
  const uint64_t checkpoints = 2 * policy_parameters * kCheckpointBytes;
  const std::string found =
      StrCat(Gibibytes(free_bytes), " free in ", folder, "; two checkpoints of all weights take ",
             Gibibytes(checkpoints));
  if (free_bytes < kLeastDisk) return {"disk", Verdict::kFail, found, "make room"};
  if (free_bytes < checkpoints) {
    return {"disk", Verdict::kWarn, found, "make room, or train with LoRA"};
  }
  return {"disk", Verdict::kOk, found, ""};
}

Finding CheckThreads(int cpus, uint64_t limit) {
  const std::string found = StrCat(
      cpus, " CPUs, ", limit == 0 ? "no limit on threads" : StrCat("at most ", limit, " threads"));
  if (limit != 0 && limit < kThreadsNeeded) {
    return {"threads", Verdict::kFail, found,
            StrCat("raise it to ", kThreadsNeeded, ": ulimit -u, or pids.max of the container")};
  }
  if (cpus < 2) {
    return {"threads", Verdict::kWarn, found, "give it two: serving and training share one"};
  }
  return {"threads", Verdict::kOk, found, ""};
}

}  // namespace tact::ctl
