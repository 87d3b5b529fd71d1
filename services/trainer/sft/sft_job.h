// The recipe of full and lora jobs.
#ifndef TACT_SERVICES_TRAINER_SFT_SFT_JOB_H_
#define TACT_SERVICES_TRAINER_SFT_SFT_JOB_H_

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/weights/job_environment.h"

namespace tact {

// Trains, saves the result folder, publishes it to the policy replicas if there are any.
absl::Status RunSftJob(JobContext& context, const JobEnvironment& environment);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SFT_SFT_JOB_H_
