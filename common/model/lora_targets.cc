#include "common/model/lora_targets.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace tact {
namespace {

using Matcher = std::function<bool(const std::string& module)>;

// A module's last name: "q" of "encoder.block.0.layer.0.SelfAttention.q".
std::string LastName(const std::string& module) {
  return module.substr(module.rfind('.') + 1);  // npos + 1 is 0
}

// "encoder.final_layer_norm" of "encoder.final_layer_norm.weight".
std::string ModuleOf(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.'));
}

bool EndsWithAny(std::string_view name, const std::vector<std::string>& ends) {
  return std::ranges::any_of(ends, [&](const std::string& end) { return name.ends_with(end); });
}

absl::Status UnknownTarget(const TrainableModel& model, const std::string& field,
                           const std::string& target) {
  std::set<std::string> names;
  for (const auto& [module, layer] : model.linears()) names.insert(LastName(module));
  return FieldError(field, target, "the model has no linear layer of that name",
                    absl::StrCat("it has ", absl::StrJoin(names, ", ")));
}

// Adds the linear layers that match to `found`.
absl::Status AddMatches(const TrainableModel& model, const std::string& field,
                        const std::string& target, const Matcher& matches,
                        std::set<std::string>& found) {
  for (const NamedTensor& item : model.parameters().items()) {
    const std::string module = ModuleOf(item.name);
    if (model.linears().contains(module) || !matches(module)) continue;
    return FieldError(field, target, absl::StrCat("takes ", module, ", which is not linear"),
                      "write more of the names of the layers that are meant");
  }
  bool any = false;
  for (const auto& [module, layer] : model.linears()) {
    if (!matches(module)) continue;
    any = true;
    found.insert(module);
  }
  return any ? absl::OkStatus() : UnknownTarget(model, field, target);
}

absl::Status AddPatternMatches(const TrainableModel& model, const std::string& text,
                               std::set<std::string>& found) {
  const RE2 pattern(text, RE2::Quiet);
  if (!pattern.ok()) {
    return FieldError("target_pattern", text, pattern.error(),
                      "use RE2's syntax (no look-around, no back references), or a list of names");
  }
  return AddMatches(
      model, "target_pattern", text,
      [&](const std::string& module) { return RE2::FullMatch(module, pattern); }, found);
}

absl::StatusOr<std::set<std::string>> FindLinears(const TrainableModel& model,
                                                  const LoraConfig& config) {
  std::set<std::string> found;
  if (!config.target_pattern.empty()) {
    RETURN_IF_ERROR(AddPatternMatches(model, config.target_pattern, found));
    return found;
  }
  for (const std::string& target : config.target_modules) {
    RETURN_IF_ERROR(AddMatches(
        model, "target_modules", target,
        [&](const std::string& module) { return module.ends_with(target); }, found));
  }
  if (found.empty()) return FieldError("target_modules", "[]", "no layer is named", "name some");
  return found;
}

// Whether the parameter lies in a module whose name ends with one of `ends`.
bool LiesIn(const std::string& parameter, const std::vector<std::string>& ends) {
  for (size_t dot = parameter.find('.'); dot != std::string::npos;
       dot = parameter.find('.', dot + 1)) {
    if (EndsWithAny(std::string_view(parameter).substr(0, dot), ends)) return true;
  }
  return false;
}

absl::Status CheckSavedWhole(const LoraConfig& config, const LoraTargets& targets) {
  for (const std::string& module : config.modules_to_save) {
    const bool found = std::ranges::any_of(
        targets.saved_whole, [&](const std::string& name) { return LiesIn(name, {module}); });
    if (found && module != "shared") continue;
    return FieldError("modules_to_save", module,
                      found ? "is shared by encoder and decoder"
                            : "the model has no weights of its own in a module of that name",
                      "name a module such as lm_head (untied), final_layer_norm or classifier");
  }
  for (const std::string& module : targets.linears) {
    if (!targets.saved_whole.contains(module + ".weight")) continue;
    return FieldError("target_modules", module, "is trained and saved whole, so needs no adapter",
                      "name other layers, or write more of their names");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoraTargets> FindLoraTargets(const TrainableModel& model, const LoraConfig& config) {
  LoraTargets targets;
  ASSIGN_OR_RETURN(targets.linears, FindLinears(model, config));
  const std::vector<std::string> whole = ModulesSavedWhole(config);
  for (const NamedTensor& item : model.parameters().items()) {
    const bool is_bias = item.name.find("bias") != std::string::npos;
    if (LiesIn(item.name, whole)) targets.saved_whole.insert(item.name);
    if (config.bias == LoraBias::kAll && is_bias) targets.biases.insert(item.name);
    if (config.bias == LoraBias::kLoraOnly && item.name.ends_with(".bias") &&
        targets.linears.contains(ModuleOf(item.name))) {
      targets.biases.insert(item.name);
    }
  }
  RETURN_IF_ERROR(CheckSavedWhole(config, targets));
  return targets;
}

}  // namespace tact
