// Trainable RoBERTa sequence classifier (transformers 4.27.2, RobertaForSequenceClassification; Liu
// et al. 2019): no pooler; classifier = dense, tanh, out_proj on the first token's state.
#ifndef TACT_COMMON_MODEL_ROBERTA_MODEL_H_
#define TACT_COMMON_MODEL_ROBERTA_MODEL_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "common/model/trainable_model.h"

namespace tact {

class RobertaModel : public TrainableModel {
 public:
  // Random weights as transformers initialises them; the same seed gives the same weights.
  static absl::StatusOr<std::unique_ptr<RobertaModel>> Create(const RobertaConfig& config,
                                                              uint64_t seed);
  static absl::StatusOr<std::unique_ptr<RobertaModel>> Load(const std::filesystem::path& folder);

  const RobertaConfig& config() const { return config_; }

  // ids [b, s] int64 with s <= config().max_tokens(), mask [b, s] (1 = token, 0 = padding;
  // undefined = all ones) -> logits [b, labels]. Positions count tokens that are not pad_token_id.
  at::Tensor Forward(const at::Tensor& ids, const at::Tensor& mask) const;

 protected:
  std::map<std::string, std::string> ConfigFiles() const override;
  bool IsIgnoredName(std::string_view name) const override;

 private:
  explicit RobertaModel(const RobertaConfig& config);
  void AddNorm(const std::string& module);
  void Initialize(uint64_t seed);
  at::Tensor Embed(const at::Tensor& ids) const;
  at::Tensor Layer(const std::string& layer, const at::Tensor& x, const at::Tensor& mask) const;
  at::Tensor Attention(const std::string& layer, const at::Tensor& x, const at::Tensor& mask) const;
  at::Tensor Norm(const std::string& module, const at::Tensor& x) const;

  RobertaConfig config_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_ROBERTA_MODEL_H_
