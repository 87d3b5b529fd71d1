// The defaults that trainer.proto documents.
#ifndef TACT_SERVICES_TRAINER_JOBS_SPEC_DEFAULTS_H_
#define TACT_SERVICES_TRAINER_JOBS_SPEC_DEFAULTS_H_

#include "tact/v1/trainer.pb.h"

namespace tact {

// Fills in what is not set, for spec.kind().
void FillDefaults(v1::JobSpec& spec);

// True for a job that trains an adapter: lora, and ppo unless use_lora is false.
bool TrainsAdapter(const v1::JobSpec& spec);

// True where something differs from TRL's objective.
bool HasImprovement(const v1::PpoImprovements& improvements);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_SPEC_DEFAULTS_H_
