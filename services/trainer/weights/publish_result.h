// The end of a full, lora or ppo job: its weights served by every policy replica.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_RESULT_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_RESULT_H_

#include "absl/status/status.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/weights/job_environment.h"

namespace tact {

// Pushes the model, or the adapter that is attached to it, under spec.publish_as, and keeps it
// published from now on. Waits (job WAITING) while a replica is down. What the replicas refuse for
// good, e.g. another architecture, does not fail the job, whose result is saved: it becomes a note.
absl::Status PublishResult(JobContext& context, const JobEnvironment& environment,
                           const T5Model& model, LoraAdapter* adapter);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_RESULT_H_
