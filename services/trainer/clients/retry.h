// Waiting for another service within a job.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_
#define TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"

namespace tact {

// Who is told why a call waits, and may end it.
struct RetryHooks {
  // Asked all the time; its error ends the waiting.
  std::function<absl::Status()> check;
  // Why it waits, or "" once it does not wait any more. Its error ends the waiting.
  std::function<absl::Status(std::string_view why)> report;
};

// Those of a job: the job is WAITING with the failure's message, and ends where it is to stop.
RetryHooks HooksOf(JobContext& context);

// Calls `attempt` until it succeeds or fails for good. While the failure is one that passes
// (IsTransient) attempts follow with growing pauses, 0.2 s to 5 s.
absl::Status RetryWhileDown(const RetryHooks& hooks, const std::function<absl::Status()>& attempt);
absl::Status RetryWhileDown(JobContext& context, const std::function<absl::Status()>& attempt);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_
