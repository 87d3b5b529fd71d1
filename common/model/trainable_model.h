// What T5Model and RobertaModel have in common: parameters under Hugging Face's names, the linear
// layers an adapter can attach to, dropout with a seed of its own, loading and saving of weights.
// Compute functions of models return tensors and let the library's exceptions through; callers wrap
// a step in CatchExceptions (common/base/status.h). One thread at a time may use a model.
#ifndef TACT_COMMON_MODEL_TRAINABLE_MODEL_H_
#define TACT_COMMON_MODEL_TRAINABLE_MODEL_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/model/checkpoint.h"
#include "common/model/linear_layer.h"
#include "common/model/parameter_map.h"
#include "common/model/safetensors.h"

namespace tact {

class TrainableModel {
 public:
  virtual ~TrainableModel() = default;
  TrainableModel(const TrainableModel&) = delete;
  TrainableModel& operator=(const TrainableModel&) = delete;

  // Base weights in the order of transformers' named_parameters(); adapters are not among them.
  const ParameterMap& parameters() const { return parameters_; }
  // By module name, e.g. "encoder.block.0.layer.0.SelfAttention.q".
  std::map<std::string, LinearLayer, std::less<>>& linears() { return linears_; }
  const std::map<std::string, LinearLayer, std::less<>>& linears() const { return linears_; }

  // Dropout on (true) or off (false, the state after Create and Load).
  void SetTraining(bool training) { dropout_.training = training; }
  bool training() const { return dropout_.training; }
  void SeedDropout(uint64_t seed);
  // The generator's state, for checkpoints: a resumed run draws the same masks.
  at::Generator& dropout_generator() { return dropout_.generator; }

  // Turns gradients of all base weights on or off.
  void SetRequiresGrad(bool requires_grad);

  // Copies values of the same names and shapes into the weights, in place. Names what is missing.
  absl::Status CopyWeights(const ParameterMap& source);
  // The weights as inference needs them, in the order of parameters(): with attached and enabled
  // adapters folded in. Weights without an adapter are shared, not copied. No gradients.
  std::vector<NamedTensor> EffectiveWeights() const;

  // model.safetensors with EffectiveWeights(), config.json and its like; the folder is made if need
  // be.
  absl::Status Save(const std::filesystem::path& folder) const;

 protected:
  TrainableModel();
  // File name and content of what Save writes beside the weights.
  virtual std::map<std::string, std::string> ConfigFiles() const = 0;
  // Other names under which checkpoints may hold the parameter, for weights that are tied.
  virtual std::vector<std::string> Aliases(std::string_view name) const;
  // Names in checkpoints that are not weights of this model and may be ignored.
  virtual bool IsIgnoredName(std::string_view name) const = 0;

  const at::Tensor& AddParameter(std::string name, at::Tensor tensor);
  // Parameters "<module>.weight" and, with `bias`, "<module>.bias".
  void AddLinear(const std::string& module, int64_t out, int64_t in, bool bias);
  at::Tensor Linear(std::string_view module, const at::Tensor& x) const;
  at::Tensor Drop(const at::Tensor& x, double p) const { return dropout_(x, p); }
  // Dropout factors for attention probabilities [b, heads, q, n]; undefined where there are none.
  at::Tensor AttentionDropout(const at::Tensor& q, const at::Tensor& k, int64_t heads,
                              double p) const;
  // Fills every parameter from the checkpoint. Missing, unknown or wrongly shaped: an error.
  absl::Status ReadWeights(const Checkpoint& checkpoint);

 private:
  absl::Status CheckNames(const Checkpoint& checkpoint) const;

  ParameterMap parameters_;
  std::map<std::string, LinearLayer, std::less<>> linears_;
  Dropout dropout_;
};

// How many numbers a model holds, and how many of them training changes.
struct ParameterCount {
  int64_t trainable = 0;
  int64_t total = 0;  // adapters included
  // As PEFT prints: "trainable params: 884736 || all params: 248462592 || trainable%: 0.356..."
  std::string ToString() const;
  // The share that is trainable as the notebook prints it: "0.36".
  std::string Percent() const;
};

// Base weights and adapter weights that require gradients, under PEFT's names for the latter
// ("base_model.model.<module>.lora_A.default.weight"); the order is fixed.
std::vector<NamedTensor> TrainableParameters(const TrainableModel& model);
ParameterCount CountParameters(const TrainableModel& model);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TRAINABLE_MODEL_H_
