// Weights of a RoBERTa or BERT sequence classifier as inference wants them: linears packed once,
// query, key and value of a layer joined into one product. Read from a Hugging Face folder; never
// changed.
#ifndef TACT_SERVICES_REWARD_CLASSIFIER_WEIGHTS_H_
#define TACT_SERVICES_REWARD_CLASSIFIER_WEIGHTS_H_

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/model/config.h"
#include "common/model/embedding_table.h"

namespace tact {

struct LayerNormWeights {
  std::vector<float> weight;  // [hidden]
  std::vector<float> bias;    // [hidden]
};

struct ClassifierLayer {
  PackedLinear qkv;  // [3 * hidden, hidden]: query | key | value
  PackedLinear attention_output;
  LayerNormWeights attention_norm;
  PackedLinear intermediate;
  PackedLinear output;
  LayerNormWeights output_norm;
};

struct ClassifierWeights {
  EmbeddingTable words;          // [vocab, hidden]
  std::vector<float> positions;  // [max_position_embeddings, hidden]
  std::vector<float> types;      // [type_vocab_size, hidden]
  LayerNormWeights embedding_norm;
  std::vector<ClassifierLayer> layers;
  PackedLinear dense;     // of the head, [hidden, hidden]; BERT's pooler
  PackedLinear out_proj;  // [labels, hidden]
};

// NOT_FOUND or INVALID_ARGUMENT names the folder or file, the tensor, and what was expected.
// Linears of the layers are held as `type`; the head, which is small, stays f32.
absl::StatusOr<ClassifierWeights> LoadClassifierWeights(const std::filesystem::path& folder,
                                                        const RobertaConfig& config,
                                                        WeightType type = WeightType::kF32);

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_CLASSIFIER_WEIGHTS_H_
