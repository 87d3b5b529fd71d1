#include "common/model/trainable_model.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/copy_weights.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

constexpr uint64_t kDropoutSeed = 0x7ac7;  // until SeedDropout says another

std::string AdapterName(const std::string& module, const char* matrix) {
  return absl::StrCat("base_model.model.", module, ".", matrix, ".default.weight");
}

// In percent.
double TrainableShare(const ParameterCount& count) {
  if (count.total == 0) return 0.0;
  return 100.0 * static_cast<double>(count.trainable) / static_cast<double>(count.total);
}

}  // namespace

TrainableModel::TrainableModel() { SeedDropout(kDropoutSeed); }

void TrainableModel::SeedDropout(uint64_t seed) { dropout_.generator = MakeGenerator(seed); }

std::vector<std::string> TrainableModel::Aliases(std::string_view) const { return {}; }

const at::Tensor& TrainableModel::AddParameter(std::string name, at::Tensor tensor) {
  return parameters_.Add(std::move(name), tensor.requires_grad_(true));
}

void TrainableModel::AddLinear(const std::string& module, int64_t out, int64_t in, bool bias) {
  const at::TensorOptions f32(at::kFloat);
  const at::Tensor weight = AddParameter(module + ".weight", at::empty({out, in}, f32));
  at::Tensor offset;
  if (bias) offset = AddParameter(module + ".bias", at::empty({out}, f32));
  linears_.emplace(module, LinearLayer(weight, offset));
}

at::Tensor TrainableModel::Linear(std::string_view module, const at::Tensor& x) const {
  return linears_.find(module)->second.Forward(x, dropout_);
}

at::Tensor TrainableModel::AttentionDropout(const at::Tensor& q, const at::Tensor& k, int64_t heads,
                                            double p) const {
  if (!training() || p == 0.0) return {};
  return dropout_(at::ones({q.size(0), heads, q.size(1), k.size(1)}, at::kFloat), p);
}

void TrainableModel::SetRequiresGrad(bool requires_grad) {
  for (const NamedTensor& item : parameters_.items()) item.tensor.requires_grad_(requires_grad);
}

absl::Status TrainableModel::CopyWeights(const ParameterMap& source) {
  return CopyParameters(parameters_, source);
}

absl::Status TrainableModel::CheckNames(const Checkpoint& checkpoint) const {
  std::set<std::string> known;
  for (const NamedTensor& item : parameters_.items()) {
    known.insert(item.name);
    for (const std::string& alias : Aliases(item.name)) known.insert(alias);
  }
  for (const std::string& name : checkpoint.names()) {
    if (known.contains(name) || IsIgnoredName(name)) continue;
    return FieldError(absl::StrCat(checkpoint.folder().string(), ": ", name), "",
                      "the checkpoint has a tensor that a model of this config.json has not",
                      "check config.json against the weights");
  }
  return absl::OkStatus();
}

absl::Status TrainableModel::ReadWeights(const Checkpoint& checkpoint) {
  const at::NoGradGuard no_grad;
  RETURN_IF_ERROR(CheckNames(checkpoint));
  for (const NamedTensor& item : parameters_.items()) {
    std::string source = item.name;
    for (const std::string& alias : Aliases(item.name)) {
      if (checkpoint.Find(source) == nullptr) source = alias;
    }
    if (checkpoint.Find(source) == nullptr) source = item.name;
    const std::vector<int64_t> shape = item.tensor.sizes().vec();
    ASSIGN_OR_RETURN(const TensorView view, checkpoint.Get(source, shape));
    RETURN_IF_ERROR(
        CopyToFloat(view, checkpoint.Where(source),
                    {item.tensor.data_ptr<float>(), static_cast<size_t>(item.tensor.numel())}));
  }
  return absl::OkStatus();
}

std::vector<NamedTensor> TrainableModel::EffectiveWeights() const {
  const at::NoGradGuard no_grad;
  std::vector<NamedTensor> out;
  for (const NamedTensor& item : parameters_.items())
    out.push_back({item.name, item.tensor.detach()});
  for (NamedTensor& item : out) {
    const std::string_view name = item.name;
    if (!name.ends_with(".weight")) continue;
    const auto it = linears_.find(name.substr(0, name.rfind('.')));
    if (it == linears_.end() || it->second.low_rank() == nullptr) continue;
    const LowRank& low_rank = *it->second.low_rank();
    if (!low_rank.enabled) continue;
    item.tensor = at::addmm(item.tensor, low_rank.b, low_rank.a, 1, low_rank.scale).detach();
  }
  return out;
}

absl::Status TrainableModel::Save(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(folder.string(), ": cannot make the folder: ", error.message()));
  }
  for (const auto& [name, content] : ConfigFiles()) {
    RETURN_IF_ERROR(WriteFileAtomically(folder / name, content));
  }
  return CatchExceptions("saving weights", [&] {
    return WriteTensors(folder / "model.safetensors", EffectiveWeights());
  });
}

std::string ParameterCount::ToString() const {
  return absl::StrCat("trainable params: ", trainable, " || all params: ", total,
                      " || trainable%: ", TrainableShare(*this));
}

std::string ParameterCount::Percent() const {
  return absl::StrFormat("%.2f", TrainableShare(*this));
}

std::vector<NamedTensor> TrainableParameters(const TrainableModel& model) {
  std::vector<NamedTensor> out;
  for (const NamedTensor& item : model.parameters().items()) {
    if (item.tensor.requires_grad()) out.push_back(item);
  }
  for (const auto& [module, layer] : model.linears()) {
    if (layer.low_rank() == nullptr) continue;
    out.push_back({AdapterName(module, "lora_A"), layer.low_rank()->a});
    out.push_back({AdapterName(module, "lora_B"), layer.low_rank()->b});
  }
  return out;
}

ParameterCount CountParameters(const TrainableModel& model) {
  ParameterCount count;
  count.total = model.parameters().num_elements();
  for (const NamedTensor& item : TrainableParameters(model)) {
    count.trainable += item.tensor.numel();
    if (!model.parameters().Contains(item.name)) count.total += item.tensor.numel();
  }
  return count;
}

}  // namespace tact
