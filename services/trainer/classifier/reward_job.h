// The recipe of reward jobs.
#ifndef TACT_SERVICES_TRAINER_CLASSIFIER_REWARD_JOB_H_
#define TACT_SERVICES_TRAINER_CLASSIFIER_REWARD_JOB_H_

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/weights/job_environment.h"

namespace tact {

// Trains a classifier and saves its folder, which tact-reward can be started with.
absl::Status RunRewardJob(JobContext& context, const JobEnvironment& environment);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLASSIFIER_REWARD_JOB_H_
