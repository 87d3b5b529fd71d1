// Which weights of a model an adapter's configuration names.
#ifndef TACT_COMMON_MODEL_LORA_TARGETS_H_
#define TACT_COMMON_MODEL_LORA_TARGETS_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/model/lora_config.h"
#include "common/model/trainable_model.h"

namespace tact {

struct LoraTargets {
  std::set<std::string> linears;      // names of modules that get A and B
  std::set<std::string> biases;       // parameters that config.bias trains
  std::set<std::string> saved_whole;  // parameters of modules that are saved whole
};

// An INVALID_ARGUMENT names the target that fits no linear layer, or one that is not linear (peft
// adapts embeddings too, tact does not), and what there is.
absl::StatusOr<LoraTargets> FindLoraTargets(const TrainableModel& model, const LoraConfig& config);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_LORA_TARGETS_H_
