// From a job's LoRA settings to the adapter's config.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_LORA_SETTINGS_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_LORA_SETTINGS_H_

#include <cstdint>

#include "common/model/lora.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// Streams of random numbers within a job's seed: initial adapter and initial value head.
inline constexpr uint64_t kAdapterStream = 3;
inline constexpr uint64_t kValueHeadStream = 4;

inline LoraBias ToLoraBias(v1::LoraBias bias) {
  if (bias == v1::LORA_BIAS_ALL) return LoraBias::kAll;
  return bias == v1::LORA_BIAS_LORA_ONLY ? LoraBias::kLoraOnly : LoraBias::kNone;
}

inline LoraConfig ToLoraConfig(const v1::JobSpec& spec) {
  LoraConfig config;
  config.r = spec.lora().rank();
  config.alpha = spec.lora().alpha();
  config.dropout = spec.lora().dropout();
  config.target_modules = {spec.lora().target_modules().begin(),
                           spec.lora().target_modules().end()};
  config.target_pattern = spec.lora().target_pattern();
  config.bias = ToLoraBias(spec.lora().bias());
  config.base_model =
      spec.start_case() == v1::JobSpec::kBaseJob ? spec.base_job() : spec.base_model();
  return config;
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_LORA_SETTINGS_H_
