// Result folders of jobs, written whole or not at all.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_RESULTS_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_RESULTS_H_

#include <filesystem>

#include "absl/status/status.h"
#include "common/model/lora.h"
#include "common/model/trainable_model.h"
#include "services/trainer/weights/model_source.h"

namespace tact {

// A Hugging Face folder: config.json, model.safetensors, and the source's companion files.
absl::Status SaveModelResult(const std::filesystem::path& result, const TrainableModel& model,
                             const ModelSource& source);

// A PEFT adapter folder, with "tact_base.json" that names what the adapter stands on.
absl::Status SaveAdapterResult(const std::filesystem::path& result, const LoraAdapter& adapter,
                               const v1::JobSpec& spec);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_RESULTS_H_
