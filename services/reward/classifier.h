// RoBERTa and BERT sequence classification for inference (Liu et al. 2019, Devlin et al. 2018;
// transformers 4.27.2, ...ForSequenceClassification in eval mode). Texts are concatenated, not
// padded: linears see [tokens of all texts, hidden], attention runs inside each text, and the last
// layer computes only the first token of each, the only one that the head reads.
#ifndef TACT_SERVICES_REWARD_CLASSIFIER_H_
#define TACT_SERVICES_REWARD_CLASSIFIER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "services/reward/classifier_weights.h"

namespace tact {

using TokenSpan = std::span<const int32_t>;

class Classifier {
 public:
  // Buffers that grow to the most texts that were computed together; one for each thread that calls
  // Forward.
  struct Workspace {
    std::vector<float> states, qkv, context, residual, projected, wide;
  };

  // A Hugging Face folder with config.json and weights in any form that Checkpoint reads; linears
  // of the layers are held as `type`.
  static absl::StatusOr<std::unique_ptr<const Classifier>> Load(const std::filesystem::path& folder,
                                                                WeightType type = WeightType::kF32);
  Classifier(RobertaConfig config, ClassifierWeights weights)
      : config_(std::move(config)), weights_(std::move(weights)) {}

  // Logits [texts, labels]. Each text has 1 to config().max_tokens() ids, each in the vocabulary.
  // `types` holds the token types of each text, each below type_vocab_size; none means zeros.
  std::vector<float> Forward(std::span<const TokenSpan> texts, Workspace& workspace,
                             std::span<const TokenSpan> types = {}) const;

  const RobertaConfig& config() const { return config_; }

 private:
  struct Batch;
  void RunTogether(const Batch& batch, Workspace& w, float* logits) const;
  void Embed(const Batch& batch, Workspace& w) const;
  void EmbedText(TokenSpan ids, TokenSpan types, float* out) const;
  void Attend(const Batch& batch, bool first_token_only, Workspace& w) const;
  void Layer(const ClassifierLayer& layer, const Batch& batch, bool last, Workspace& w) const;
  void FeedForward(const ClassifierLayer& layer, int64_t rows, Workspace& w) const;
  void Activate(float* x, int64_t n) const;
  void Head(int64_t texts, Workspace& w, float* logits) const;

  RobertaConfig config_;
  ClassifierWeights weights_;
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_CLASSIFIER_H_
