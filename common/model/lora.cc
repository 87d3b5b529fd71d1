#include "common/model/lora.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/copy_weights.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

constexpr char kPrefix[] = "base_model.model.";

absl::Status CheckSizes(const LoraConfig& config) {
  if (config.r < 1)
    return FieldError("r", absl::StrCat(config.r), "expected 1 or more", "raise it");
  if (config.dropout < 0 || config.dropout >= 1) {
    return FieldError("lora_dropout", absl::StrCat(config.dropout), "expected 0 <= p < 1",
                      "use 0 to 0.1");
  }
  return absl::OkStatus();
}

// What peft 0.3.0 saves with bias "all" beside the weights of modules saved whole, and does not
// read again.
bool IsLeftover(std::string_view name) {
  return name.find(".original_module.") != name.npos || name.find(".modules_to_save.") != name.npos;
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
  ASSIGN_OR_RETURN(const LoraTargets targets, FindLoraTargets(model, config));
  for (const auto& [module, layer] : model.linears()) {
    if (layer.low_rank() != nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat(module, " has an adapter already; merge or detach it first"));
    }
  }
  std::unique_ptr<LoraAdapter> adapter(new LoraAdapter(model, config));
  at::Generator generator = MakeGenerator(seed);
  for (const std::string& module : targets.linears) {
    LinearLayer& layer = adapter->Layer(module);
    layer.set_low_rank(MakeLowRank(config, layer.weight(), generator));
    adapter->targets_[module] = layer.low_rank();
  }
  model.SetRequiresGrad(false);
  adapter->saved_whole_ = targets.saved_whole;
  adapter->Train(targets.saved_whole);
  adapter->Train(targets.biases);
  return adapter;
}

void LoraAdapter::Train(const std::set<std::string>& parameters) {
  for (const std::string& name : parameters) {
    const at::Tensor& parameter = model_->parameters().At(name);
    if (!trained_.emplace(name, parameter).second) continue;
    originals_[name] = parameter.detach().clone();
    parameter.requires_grad_(true);
  }
}

LinearLayer& LoraAdapter::Layer(const std::string& module) const {
  return model_->linears().find(module)->second;
}

absl::StatusOr<std::unique_ptr<LoraAdapter>> LoraAdapter::Load(
    TrainableModel& model, const std::filesystem::path& folder) {
  const auto config_path = folder / "adapter_config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path, size_t{1} << 20));
  ASSIGN_OR_RETURN(const LoraConfig config, LoraConfig::FromJson(text, config_path.string()));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::OpenAdapter(folder));
  ASSIGN_OR_RETURN(const ParameterMap weights, ReadFloatTensors(checkpoint));
  auto adapter = Attach(model, config, /*seed=*/0);
  if (!adapter.ok()) return Annotate(adapter.status(), config_path.string());
  if (const absl::Status copied = (*adapter)->CopyWeights(weights.items()); !copied.ok()) {
    return Annotate(copied, folder.string());
  }
  return adapter;
}

LoraAdapter::~LoraAdapter() { Detach(); }

void LoraAdapter::Detach() {
  const at::NoGradGuard no_grad;
  Unmerge();
  for (const auto& [module, low_rank] : targets_) Layer(module).set_low_rank(nullptr);
  for (const auto& [name, original] : originals_) {
    at::Tensor& parameter = trained_[name];
    parameter.requires_grad_(false);
    parameter.copy_(original);
  }
  targets_.clear();
  trained_.clear();
  originals_.clear();
}

void LoraAdapter::SetEnabled(bool enabled) {
  if (!enabled) Unmerge();
  enabled_ = enabled;
  const bool adds = enabled && unmerged_.empty();  // a merged adapter is in the weights already
  for (const auto& [module, low_rank] : targets_) low_rank->enabled = adds;
}

void LoraAdapter::Merge() {
  if (!unmerged_.empty()) return;
  const at::NoGradGuard no_grad;
  for (const auto& [module, low_rank] : targets_) {
    at::Tensor weight = Layer(module).weight();
    unmerged_[module] = weight.detach().clone();
    weight.addmm_(low_rank->b, low_rank->a, 1, low_rank->scale);
  }
  SetEnabled(true);
}

void LoraAdapter::Unmerge() {
  const at::NoGradGuard no_grad;
  for (const auto& [module, weight] : unmerged_) {
    at::Tensor target = Layer(module).weight();
    target.copy_(weight);
    targets_[module]->enabled = enabled_;
  }
  unmerged_.clear();
}

void LoraAdapter::MergeIntoBase() {
  Merge();
  unmerged_.clear();
  originals_.clear();
  Detach();
}

std::vector<NamedTensor> LoraAdapter::Weights() const {
  std::map<std::string, at::Tensor> named;
  for (const auto& [module, low_rank] : targets_) {
    named[absl::StrCat(kPrefix, module, ".lora_A.weight")] = low_rank->a;
    named[absl::StrCat(kPrefix, module, ".lora_B.weight")] = low_rank->b;
  }
  for (const auto& [name, tensor] : trained_) named[absl::StrCat(kPrefix, name)] = tensor;
  std::vector<NamedTensor> out;
  for (const auto& [name, tensor] : named) out.push_back({name, tensor});
  return out;
}

absl::Status LoraAdapter::CopyWeights(const std::vector<NamedTensor>& weights) {
  ParameterMap source, target;
  for (const NamedTensor& item : weights) {
    if (!source.Contains(item.name)) source.Add(item.name, item.tensor);
  }
  for (NamedTensor& item : Weights()) target.Add(item.name, item.tensor);
  for (const NamedTensor& item : weights) {
    if (target.Contains(item.name) || IsLeftover(item.name)) continue;
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
    const absl::Status saved = WriteTensors(folder / "adapter_model.bin", Weights());
    return saved.ok() ? WriteTensors(folder / "adapter_model.safetensors", Weights()) : saved;
  });
}

ParameterCount LoraAdapter::Count() const {
  ParameterCount count;
  count.total = model_->parameters().num_elements();
  for (const auto& [module, low_rank] : targets_) {
    count.trainable += low_rank->a.numel() + low_rank->b.numel();
  }
  count.total += count.trainable;
  for (const auto& [name, tensor] : trained_) count.trainable += tensor.numel();
  for (const std::string& name : saved_whole_) {
    const int64_t size = model_->parameters().At(name).numel();
    count.total += size;
    count.trainable += size;
  }
  return count;
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
