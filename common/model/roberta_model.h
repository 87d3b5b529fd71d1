// Trainable RoBERTa and BERT sequence classifiers (transformers 4.27.2,
// RobertaForSequenceClassification, Liu et al. 2019, and BertForSequenceClassification, Devlin et
// al. 2018): one encoder; the head is dense, tanh, linear on the first token's state (BERT's dense
// layer is called its pooler).
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
  // undefined = all ones), types [b, s] int64 (undefined = zeros) -> logits [b, labels]. RoBERTa's
  // positions count tokens that are not pad_token_id.
  at::Tensor Forward(const at::Tensor& ids, const at::Tensor& mask,
                     const at::Tensor& types = {}) const;

 protected:
  std::map<std::string, std::string> ConfigFiles() const override;
  bool IsIgnoredName(std::string_view name) const override;

 private:
  explicit RobertaModel(const RobertaConfig& config);
  void AddNorm(const std::string& module);
  void Initialize(uint64_t seed);
  std::string EmbeddingsName(const char* name) const;
  std::string LayerName(int64_t index) const;
  // The head's two linear layers.
  std::string_view DenseName() const;
  std::string_view OutputName() const;
  at::Tensor Positions(const at::Tensor& ids) const;  // [s, hidden] or [b, s, hidden]
  at::Tensor Embed(const at::Tensor& ids, const at::Tensor& types) const;
  at::Tensor Layer(const std::string& layer, const at::Tensor& x, const at::Tensor& mask) const;
  at::Tensor Attention(const std::string& layer, const at::Tensor& x, const at::Tensor& mask) const;
  at::Tensor Norm(const std::string& module, const at::Tensor& x) const;

  RobertaConfig config_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_ROBERTA_MODEL_H_
