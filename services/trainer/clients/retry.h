// Waiting for another service within a job.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_
#define TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_

#include <functional>

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"

namespace tact {

// Calls `attempt` until it succeeds or fails for good. While the failure is one that passes
// (IsTransient) the job is WAITING with the failure's message, and attempts follow with growing
// pauses, 0.2 s to 5 s. Returns the context's status where the job is to stop.
absl::Status RetryWhileDown(JobContext& context, const std::function<absl::Status()>& attempt);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_RETRY_H_
