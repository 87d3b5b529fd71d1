#include "services/reward/classifier_weights.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/checkpoint.h"

namespace tact {
namespace {

// Reads tensors by Hugging Face's names.
class Reader {
 public:
  Reader(const Checkpoint& checkpoint, const RobertaConfig& config)
      : checkpoint_(checkpoint), config_(config), hidden_(config.hidden_size) {}

  absl::StatusOr<std::vector<float>> Floats(const std::string& name,
                                            const std::vector<int64_t>& shape) const {
    ASSIGN_OR_RETURN(const TensorView view, checkpoint_.Get(name, shape));
    return ToFloat(view, checkpoint_.Where(name));
  }

  absl::StatusOr<PackedLinear> Linear(const std::string& module, int64_t out, int64_t in) const {
    ASSIGN_OR_RETURN(const auto weight, Floats(module + ".weight", {out, in}));
    ASSIGN_OR_RETURN(const auto bias, Floats(module + ".bias", {out}));
    return PackedLinear(weight.data(), bias.data(), out, in);
  }

  absl::StatusOr<LayerNormWeights> Norm(const std::string& module) const {
    LayerNormWeights norm;
    ASSIGN_OR_RETURN(norm.weight, Floats(module + ".weight", {hidden_}));
    ASSIGN_OR_RETURN(norm.bias, Floats(module + ".bias", {hidden_}));
    return norm;
  }

  absl::StatusOr<PackedLinear> Qkv(const std::string& module) const {
    std::vector<float> weight, bias;
    for (std::string_view part : {"query", "key", "value"}) {
      const std::string name = StrCat(module, ".", part);
      ASSIGN_OR_RETURN(const auto w, Floats(name + ".weight", {hidden_, hidden_}));
      ASSIGN_OR_RETURN(const auto b, Floats(name + ".bias", {hidden_}));
      weight.insert(weight.end(), w.begin(), w.end());
      bias.insert(bias.end(), b.begin(), b.end());
    }
    return PackedLinear(weight.data(), bias.data(), 3 * hidden_, hidden_);
  }

  absl::StatusOr<ClassifierLayer> Layer(int64_t index) const {
    const std::string name = StrCat(config_.model_type(), ".encoder.layer.", index);
    const int64_t wide = config_.intermediate_size;
    ASSIGN_OR_RETURN(PackedLinear qkv, Qkv(name + ".attention.self"));
    ASSIGN_OR_RETURN(PackedLinear attention,
                     Linear(name + ".attention.output.dense", hidden_, hidden_));
    ASSIGN_OR_RETURN(LayerNormWeights attention_norm, Norm(name + ".attention.output.LayerNorm"));
    ASSIGN_OR_RETURN(PackedLinear intermediate,
                     Linear(name + ".intermediate.dense", wide, hidden_));
    ASSIGN_OR_RETURN(PackedLinear output, Linear(name + ".output.dense", hidden_, wide));
    ASSIGN_OR_RETURN(LayerNormWeights output_norm, Norm(name + ".output.LayerNorm"));
    return ClassifierLayer{std::move(qkv),          std::move(attention), std::move(attention_norm),
                           std::move(intermediate), std::move(output),    std::move(output_norm)};
  }

  absl::StatusOr<std::vector<float>> Embedding(std::string_view table, int64_t rows) const {
    return Floats(StrCat(config_.model_type(), ".embeddings.", table, "_embeddings.weight"),
                  {rows, hidden_});
  }

  absl::StatusOr<LayerNormWeights> EmbeddingNorm() const {
    return Norm(StrCat(config_.model_type(), ".embeddings.LayerNorm"));
  }

 private:
  const Checkpoint& checkpoint_;
  const RobertaConfig& config_;
  const int64_t hidden_;
};

}  // namespace

absl::StatusOr<ClassifierWeights> LoadClassifierWeights(const std::filesystem::path& folder,
                                                        const RobertaConfig& config) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Open(folder));
  const Reader reader(checkpoint, config);
  const int64_t hidden = config.hidden_size;
  ASSIGN_OR_RETURN(auto words, reader.Embedding("word", config.vocab_size));
  ASSIGN_OR_RETURN(auto positions, reader.Embedding("position", config.max_position_embeddings));
  ASSIGN_OR_RETURN(auto types, reader.Embedding("token_type", config.type_vocab_size));
  ASSIGN_OR_RETURN(auto norm, reader.EmbeddingNorm());
  std::vector<ClassifierLayer> layers;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    ASSIGN_OR_RETURN(ClassifierLayer layer, reader.Layer(i));
    layers.push_back(std::move(layer));
  }
  const bool bert = config.is_bert();
  ASSIGN_OR_RETURN(PackedLinear dense,
                   reader.Linear(bert ? "bert.pooler.dense" : "classifier.dense", hidden, hidden));
  ASSIGN_OR_RETURN(PackedLinear out_proj, reader.Linear(bert ? "classifier" : "classifier.out_proj",
                                                        config.num_labels(), hidden));
  return ClassifierWeights{std::move(words),   std::move(positions), std::move(types),
                           std::move(norm),    std::move(layers),    std::move(dense),
                           std::move(out_proj)};
}

}  // namespace tact
