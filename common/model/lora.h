// LoRA adapters (Hu et al. 2021) as peft 0.3.0 has them: A kaiming-uniform, B zero,
// y = W x + alpha / r * B A dropout(x); base weights frozen. Adapters are saved and loaded in
// peft's folder format: adapter_config.json and adapter_model.safetensors.
#ifndef TACT_COMMON_MODEL_LORA_H_
#define TACT_COMMON_MODEL_LORA_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/trainable_model.h"

namespace tact {

struct LoraConfig {
  int64_t r = 8;
  double alpha = 8.0;
  double dropout = 0.0;
  // A module is adapted if its name is one of these or ends with "." and one of these.
  std::vector<std::string> target_modules = {"q", "v"};
  std::string base_model = "";             // base_model_name_or_path, for the record
  std::string task_type = "SEQ_2_SEQ_LM";  // or "SEQ_CLS"

  std::string ToJson() const;
  // `file` is the name for errors. What changes the result and is not supported is an error
  // (bias other than "none", modules_to_save, fan_in_fan_out, ...).
  static absl::StatusOr<LoraConfig> FromJson(std::string_view json,
                                             std::string_view file = "adapter_config.json");
  bool operator==(const LoraConfig&) const = default;
};

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
  ~LoraAdapter();  // detaches; `model` must still live
  LoraAdapter(const LoraAdapter&) = delete;
  LoraAdapter& operator=(const LoraAdapter&) = delete;

  const LoraConfig& config() const { return config_; }
  // Off: the model computes as its base does, for the reference policy of the KL penalty.
  void SetEnabled(bool enabled);
  bool enabled() const { return enabled_; }
  // Adds alpha / r * B A to the base weights in place and detaches the adapter for good.
  void MergeIntoBase();
  // lora_A and lora_B of each target, under peft's names of the saved file
  // ("base_model.model.<module>.lora_A.weight"), sorted.
  std::vector<NamedTensor> Weights() const;
  // Copies values into A and B; names and shapes must be those of Weights().
  absl::Status CopyWeights(const std::vector<NamedTensor>& weights);
  absl::Status Save(const std::filesystem::path& folder) const;

 private:
  LoraAdapter(TrainableModel& model, LoraConfig config) : model_(&model), config_(config) {}
  void Detach();

  TrainableModel* model_;
  LoraConfig config_;
  bool enabled_ = true;
  std::map<std::string, std::shared_ptr<LowRank>> targets_;  // by module name
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
