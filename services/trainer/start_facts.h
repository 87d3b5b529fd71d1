// What the spec's checks must know of models, jobs and data sets, from the stores.
#ifndef TACT_SERVICES_TRAINER_START_FACTS_H_
#define TACT_SERVICES_TRAINER_START_FACTS_H_

#include "services/trainer/jobs/spec.h"
#include "services/trainer/weights/job_environment.h"

namespace tact {

// `environment` must outlive the result.
SpecEnvironment MakeSpecEnvironment(const JobEnvironment& environment);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_START_FACTS_H_
