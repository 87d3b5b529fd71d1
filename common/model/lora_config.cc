#include "common/model/lora_config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "common/base/status.h"
#include "common/model/json_fields.h"

namespace tact {
namespace {

// What would change the result and is not implemented must not be read over.
void RefuseUnsupported(JsonFields& fields) {
  fields.OneOf("peft_type", "LORA", {"LORA"});
  const auto& json = fields.json();
  const auto refuse = [&](const char* key, const nlohmann::json& harmless) {
    const auto it = json.find(key);
    if (it == json.end() || it->is_null() || *it == harmless) return;
    fields.Fail(key, it->dump(), harmless.dump() + " or null; tact does not support others");
  };
  refuse("fan_in_fan_out", false);
  refuse("enable_lora", false);
  refuse("use_dora", false);
  refuse("use_rslora", false);
  refuse("rank_pattern", nlohmann::json::object());
  refuse("alpha_pattern", nlohmann::json::object());
  refuse("layers_to_transform", nlohmann::json::array());
}

// 32.0 as 32, as peft writes it.
nlohmann::json Plain(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

constexpr const char* kBiases[] = {"none", "all", "lora_only"};  // by LoraBias

LoraBias ReadBias(JsonFields& fields) {
  const std::string name = fields.OneOf("bias", kBiases[0], {kBiases[0], kBiases[1], kBiases[2]});
  if (name == kBiases[1]) return LoraBias::kAll;
  return name == kBiases[2] ? LoraBias::kLoraOnly : LoraBias::kNone;
}

// A text is a regular expression, a list holds ends of names.
void ReadTargets(JsonFields& fields, LoraConfig& config) {
  const auto it = fields.json().find("target_modules");
  if (it != fields.json().end() && it->is_string()) {
    config.target_pattern = fields.String("target_modules", "");
  } else {
    config.target_modules = fields.Strings("target_modules", config.target_modules);
  }
}

nlohmann::json TargetsToJson(const LoraConfig& config) {
  if (!config.target_pattern.empty()) return config.target_pattern;
  return config.target_modules;
}

nlohmann::json NamesOrNull(const std::vector<std::string>& names) {
  return names.empty() ? nlohmann::json(nullptr) : nlohmann::json(names);
}

}  // namespace

std::string LoraConfig::ToJson() const {
  const nlohmann::ordered_json json = {{"base_model_name_or_path", base_model},
                                       {"bias", kBiases[static_cast<int>(bias)]},
                                       {"fan_in_fan_out", false},
                                       {"inference_mode", true},
                                       {"init_lora_weights", true},
                                       {"lora_alpha", Plain(alpha)},
                                       {"lora_dropout", dropout},
                                       {"modules_to_save", NamesOrNull(modules_to_save)},
                                       {"peft_type", "LORA"},
                                       {"r", r},
                                       {"target_modules", TargetsToJson(*this)},
                                       {"task_type", task_type}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::StatusOr<LoraConfig> LoraConfig::FromJson(std::string_view json, std::string_view file) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Parse(json, file));
  RefuseUnsupported(fields);
  LoraConfig config;
  config.r = fields.Int("r", config.r, 1, 65536);
  config.alpha = fields.Number("lora_alpha", config.alpha, 0.0, 1e9);
  config.dropout = fields.Number("lora_dropout", config.dropout, 0.0, 0.999);
  ReadTargets(fields, config);
  config.bias = ReadBias(fields);
  config.modules_to_save = fields.Strings("modules_to_save", {});
  config.base_model = fields.String("base_model_name_or_path", "");
  config.task_type = fields.String("task_type", config.task_type);
  RETURN_IF_ERROR(fields.status());
  return config;
}

std::vector<std::string> ModulesSavedWhole(const LoraConfig& config) {
  std::vector<std::string> modules = config.modules_to_save;
  if (config.task_type == "SEQ_CLS") modules.insert(modules.end(), {"classifier", "score"});
  return modules;
}

}  // namespace tact
