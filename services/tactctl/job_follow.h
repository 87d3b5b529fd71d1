// Follows a job to its end: live progress, reconnection when the trainer restarts, Ctrl-C to leave.
#ifndef TACT_SERVICES_TACTCTL_JOB_FOLLOW_H_
#define TACT_SERVICES_TACTCTL_JOB_FOLLOW_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/tactctl/client.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {

// Prints progress until the job has ended. OK if it succeeded, ABORTED if it failed, CANCELLED if
// it was cancelled. Of a job that is paused it says why and how to go on, and sets the exit code.
// While the trainer is away it tries again for `patience_seconds`. On Ctrl-C it
// leaves the job running, says how to come back and sets the exit code.
absl::Status FollowJob(const Client<v1::TrainerService>& client, const std::string& id,
                       double patience_seconds, Context& context);

// The metrics of all steps that the job has made, for curves. Does not wait for further ones.
absl::StatusOr<std::vector<v1::StepMetrics>> ReadSteps(const Client<v1::TrainerService>& client,
                                                       const std::string& id);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_JOB_FOLLOW_H_
