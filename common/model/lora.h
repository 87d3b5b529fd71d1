// LoRA adapters (Hu et al. 2021) as peft 0.3.0 has them: A kaiming-uniform, B zero,
// y = W x + alpha / r * B A dropout(x); base weights frozen, but for biases and whole modules that
// the configuration trains with the adapter. Adapters are saved and loaded in peft's folder format:
// adapter_config.json with adapter_model.safetensors and, for peft before 0.4, adapter_model.bin.
#ifndef TACT_COMMON_MODEL_LORA_H_
#define TACT_COMMON_MODEL_LORA_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/lora_config.h"
#include "common/model/lora_targets.h"
#include "common/model/trainable_model.h"

namespace tact {

class LoraAdapter {
 public:
  // Fresh weights on each target; the base's gradients are turned off. An unknown target is an
  // error that lists what the model has. A model holds one adapter at a time.
  static absl::StatusOr<std::unique_ptr<LoraAdapter>> Attach(TrainableModel& model,
                                                             const LoraConfig& config,
                                                             uint64_t seed);
  // As saved by Save or by peft's save_pretrained with safetensors.
  static absl::StatusOr<std::unique_ptr<LoraAdapter>> Load(TrainableModel& model,
                                                           const std::filesystem::path& folder);
  ~LoraAdapter();  // detaches and gives the base its weights back; `model` must still live
  LoraAdapter(const LoraAdapter&) = delete;
  LoraAdapter& operator=(const LoraAdapter&) = delete;

  const LoraConfig& config() const { return config_; }
  // Off: the model computes without B A, for the reference policy of the KL penalty. As in peft,
  // biases and whole modules that were trained with the adapter stay. A merged one is unmerged.
  void SetEnabled(bool enabled);
  bool enabled() const { return enabled_; }
  // Adds alpha / r * B A to the base weights in place; Unmerge gives them back bit for bit.
  void Merge();
  void Unmerge();
  // Merges and detaches the adapter for good: the base keeps all that it trained.
  void MergeIntoBase();
  // What is saved, under peft's names ("base_model.model.<module>.lora_A.weight",
  // "base_model.model.<parameter>" for biases and whole modules), sorted by name.
  std::vector<NamedTensor> Weights() const;
  // Copies values into all of Weights(); names and shapes must be the same.
  absl::Status CopyWeights(const std::vector<NamedTensor>& weights);
  absl::Status Save(const std::filesystem::path& folder) const;
  // As peft's print_trainable_parameters counts: a module saved whole is there twice, as it was and
  // as it is trained, and both count as trainable.
  ParameterCount Count() const;

 private:
  LoraAdapter(TrainableModel& model, LoraConfig config) : model_(&model), config_(config) {}
  void Train(const std::set<std::string>& parameters);
  void Detach();
  LinearLayer& Layer(const std::string& module) const;

  TrainableModel* model_;
  LoraConfig config_;
  bool enabled_ = true;
  std::map<std::string, std::shared_ptr<LowRank>> targets_;  // by module name
  std::set<std::string> saved_whole_;                        // parameter names
  // Parameters of the model that the adapter trains, and what they held before it.
  std::map<std::string, at::Tensor> trained_, originals_;
  std::map<std::string, at::Tensor> unmerged_;  // weights of the targets while merged
};

// Switches an adapter off for the life of the object; null does nothing.
class ScopedAdapterOff {
 public:
  explicit ScopedAdapterOff(LoraAdapter* adapter);
  ~ScopedAdapterOff();
  ScopedAdapterOff(const ScopedAdapterOff&) = delete;
  ScopedAdapterOff& operator=(const ScopedAdapterOff&) = delete;

 private:
  LoraAdapter* adapter_;
  bool was_enabled_ = false;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_LORA_H_
