#include "common/model/lora.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/copy_weights.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

constexpr std::string_view kPrefix = "base_model.model.";

// A module's last name: "q" of "encoder.block.0.layer.0.SelfAttention.q".
std::string LastName(const std::string& module) {
  return module.substr(module.rfind('.') + 1);  // npos + 1 is 0
}

bool IsTarget(const std::string& module, const std::string& target) {
  return module == target || module.ends_with("." + target);
}

absl::Status UnknownTarget(const TrainableModel& model, const std::string& target) {
  std::set<std::string> names;
  for (const auto& [module, layer] : model.linears()) names.insert(LastName(module));
  return FieldError("target_modules", target, "the model has no linear layer of that name",
                    absl::StrCat("it has ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::set<std::string>> FindTargets(const TrainableModel& model,
                                                  const LoraConfig& config) {
  std::set<std::string> found;
  for (const std::string& target : config.target_modules) {
    bool any = false;
    for (const auto& [module, layer] : model.linears()) {
      if (!IsTarget(module, target)) continue;
      any = true;
      found.insert(module);
    }
    if (!any) return UnknownTarget(model, target);
  }
  if (found.empty()) return FieldError("target_modules", "[]", "no layer is named", "name some");
  return found;
}

absl::Status CheckSizes(const LoraConfig& config) {
  if (config.r < 1)
    return FieldError("r", absl::StrCat(config.r), "expected 1 or more", "raise it");
  if (config.dropout < 0 || config.dropout >= 1) {
    return FieldError("lora_dropout", absl::StrCat(config.dropout), "expected 0 <= p < 1",
                      "use 0 to 0.1");
  }
  return absl::OkStatus();
}

std::shared_ptr<LowRank> MakeLowRank(const LoraConfig& config, const at::Tensor& weight,
                                     at::Generator& generator) {
  const at::NoGradGuard no_grad;
  auto out = std::make_shared<LowRank>();
  const int64_t rows = weight.size(0), columns = weight.size(1);
  // kaiming_uniform_(a = sqrt(5)) is uniform in +-1 / sqrt(fan_in).
  const double bound = 1.0 / std::sqrt(static_cast<double>(columns));
  out->a = at::empty({config.r, columns}, at::kFloat).uniform_(-bound, bound, generator);
  out->b = at::zeros({rows, config.r}, at::kFloat);
  out->a.requires_grad_(true);
  out->b.requires_grad_(true);
  out->scale = config.alpha / static_cast<double>(config.r);
  out->dropout = config.dropout;
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoraAdapter>> LoraAdapter::Attach(TrainableModel& model,
                                                                 const LoraConfig& config,
                                                                 uint64_t seed) {
  RETURN_IF_ERROR(CheckSizes(config));
  ASSIGN_OR_RETURN(const std::set<std::string> targets, FindTargets(model, config));
  for (const auto& [module, layer] : model.linears()) {
    if (layer.low_rank() != nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat(module, " has an adapter already; merge or detach it first"));
    }
  }
  std::unique_ptr<LoraAdapter> adapter(new LoraAdapter(model, config));
  at::Generator generator = MakeGenerator(seed);
  for (const std::string& module : targets) {
    LinearLayer& layer = model.linears().find(module)->second;
    layer.set_low_rank(MakeLowRank(config, layer.weight(), generator));
    adapter->targets_[module] = layer.low_rank();
  }
  model.SetRequiresGrad(false);
  return adapter;
}

absl::StatusOr<std::unique_ptr<LoraAdapter>> LoraAdapter::Load(
    TrainableModel& model, const std::filesystem::path& folder) {
  const auto config_path = folder / "adapter_config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path, size_t{1} << 20));
  ASSIGN_OR_RETURN(const LoraConfig config, LoraConfig::FromJson(text, config_path.string()));
  std::error_code ignored;
  const auto weights_path = folder / "adapter_model.safetensors";
  if (!std::filesystem::exists(weights_path, ignored)) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"ADAPTER_NOT_FOUND", folder.string(), "",
                      "save it with save_pretrained(folder, safe_serialization=True)"},
                     "there is no adapter_model.safetensors");
  }
  ASSIGN_OR_RETURN(const ParameterMap weights, ReadTensors(weights_path));
  auto adapter = Attach(model, config, /*seed=*/0);
  if (!adapter.ok()) return Annotate(adapter.status(), config_path.string());
  if (const absl::Status copied = (*adapter)->CopyWeights(weights.items()); !copied.ok()) {
    return Annotate(copied, weights_path.string());
  }
  return adapter;
}

LoraAdapter::~LoraAdapter() { Detach(); }

void LoraAdapter::Detach() {
  for (const auto& [module, low_rank] : targets_) {
    model_->linears().find(module)->second.set_low_rank(nullptr);
  }
  targets_.clear();
}

void LoraAdapter::SetEnabled(bool enabled) {
  enabled_ = enabled;
  for (const auto& [module, low_rank] : targets_) low_rank->enabled = enabled;
}

void LoraAdapter::MergeIntoBase() {
  const at::NoGradGuard no_grad;
  for (const auto& [module, low_rank] : targets_) {
    at::Tensor weight = model_->linears().find(module)->second.weight();
    weight.addmm_(low_rank->b, low_rank->a, 1, low_rank->scale);
  }
  Detach();
}

std::vector<NamedTensor> LoraAdapter::Weights() const {
  std::vector<NamedTensor> out;
  for (const auto& [module, low_rank] : targets_) {
    const std::string base = std::string(kPrefix) + module;
    out.push_back({base + ".lora_A.weight", low_rank->a});
    out.push_back({base + ".lora_B.weight", low_rank->b});
  }
  return out;
}

absl::Status LoraAdapter::CopyWeights(const std::vector<NamedTensor>& weights) {
  ParameterMap source, target;
  for (const NamedTensor& item : weights) {
    if (!source.Contains(item.name)) source.Add(item.name, item.tensor);
  }
  for (NamedTensor& item : Weights()) target.Add(item.name, item.tensor);
  for (const NamedTensor& item : weights) {
    if (target.Contains(item.name)) continue;
    return FieldError(item.name, "", "the adapter adapts a layer that its configuration does not",
                      "list every adapted layer in target_modules");
  }
  return CopyParameters(target, source);
}

absl::Status LoraAdapter::Save(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(folder.string(), ": cannot make the folder: ", error.message()));
  }
  RETURN_IF_ERROR(WriteFileAtomically(folder / "adapter_config.json", config_.ToJson()));
  return CatchExceptions("saving an adapter", [&] {
    return WriteTensors(folder / "adapter_model.safetensors", Weights());
  });
}

ScopedAdapterOff::ScopedAdapterOff(LoraAdapter* adapter) : adapter_(adapter) {
  if (adapter_ == nullptr) return;
  was_enabled_ = adapter_->enabled();
  adapter_->SetEnabled(false);
}

ScopedAdapterOff::~ScopedAdapterOff() {
  if (adapter_ != nullptr) adapter_->SetEnabled(was_enabled_);
}

}  // namespace tact
