// Keeps a job that would not fit into memory from beginning: a job that is paused can go on, a
// trainer that the kernel ends takes everybody's down.
#ifndef TACT_SERVICES_TRAINER_PLAN_MEMORY_GUARD_H_
#define TACT_SERVICES_TRAINER_PLAN_MEMORY_GUARD_H_

#include <cstdint>

#include "absl/status/status.h"
#include "services/trainer/weights/job_environment.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// `limit`: bytes that this process may occupy; 0: what it has and what is left. RESOURCE_EXHAUSTED
// with the reason NO_MEMORY, which pauses the job, where its estimated peak (memory_estimate.h) is
// above. OK where no estimate can be made: then the job's own errors say more.
absl::Status CheckMemory(const v1::JobSpec& spec, const JobEnvironment& environment,
                         uint64_t limit);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_MEMORY_GUARD_H_
