// The recipe of ppo jobs.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_JOB_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_JOB_H_

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/weights/job_environment.h"

namespace tact {

// Optimises the policy against the reward service, saves the result folder and leaves it published.
absl::Status RunPpoJob(JobContext& context, const JobEnvironment& environment);

// The part of the ranks above 0: every step that rank 0 takes, until it ends the job.
absl::Status FollowSteps(JobContext& context, PpoLearner& learner);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_JOB_H_
