// The configuration of a LoRA adapter as peft 0.3.0 has it (LoraConfig, adapter_config.json), and
// which parts of a model it names.
#ifndef TACT_COMMON_MODEL_LORA_CONFIG_H_
#define TACT_COMMON_MODEL_LORA_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

// Which weights named "bias" are trained and saved with the adapter: none, every one of the model
// (T5's relative_attention_bias among them), or those of the adapted layers.
enum class LoraBias { kNone, kAll, kLoraOnly };

struct LoraConfig {
  int64_t r = 8;
  double alpha = 8.0;
  double dropout = 0.0;
  // A linear layer is adapted if its name ends with one of these; no dot is needed before it, so
  // "o" takes "wo" as well.
  std::vector<std::string> target_modules = {"q", "v"};
  // Set: a linear layer is adapted if this regular expression matches its whole name, and
  // target_modules is not read. RE2's syntax, which has no look-around.
  std::string target_pattern = "";
  LoraBias bias = LoraBias::kNone;
  // Modules, by the end of their name, that are trained and saved whole.
  std::vector<std::string> modules_to_save = {};
  std::string base_model = "";             // base_model_name_or_path, for the record
  std::string task_type = "SEQ_2_SEQ_LM";  // or "SEQ_CLS", which also saves "classifier"

  std::string ToJson() const;
  // `file` is the name for errors. What changes the result and is not supported is an error
  // (fan_in_fan_out, another peft_type, ...).
  static absl::StatusOr<LoraConfig> FromJson(std::string_view json,
                                             std::string_view file = "adapter_config.json");
  bool operator==(const LoraConfig&) const = default;
};

// modules_to_save, and "classifier" and "score" where task_type is SEQ_CLS.
std::vector<std::string> ModulesSavedWhole(const LoraConfig& config);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_LORA_CONFIG_H_
