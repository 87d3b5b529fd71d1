// Learning rates over the steps of a job, as transformers' get_*_schedule_with_warmup have them.
#ifndef TACT_SERVICES_TRAINER_OPTIM_SCHEDULE_H_
#define TACT_SERVICES_TRAINER_OPTIM_SCHEDULE_H_

#include <cstdint>

#include "tact/v1/trainer.pb.h"

namespace tact {

// The learning rate of the update that follows `step` finished ones, 0 <= step < total_steps.
//   warm-up:  lr step / warmup
//   linear:   lr (total - step) / (total - warmup)
//   cosine:   lr (min + (1 - min) (1 + cos(pi x)) / 2), x = (step - warmup) / (total - warmup)
double LearningRateAt(const v1::OptimizerSettings& settings, int64_t step, int64_t total_steps);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_OPTIM_SCHEDULE_H_
