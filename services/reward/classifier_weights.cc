#include "services/reward/classifier_weights.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/checkpoint.h"
#include "common/model/packed_weights.h"
#include "common/model/stacked_tensors.h"

namespace tact {
namespace {

// Reads tensors by Hugging Face's names.
class Reader {
 public:
  Reader(const Checkpoint& checkpoint, const RobertaConfig& config, WeightType type)
      : checkpoint_(checkpoint), config_(config), type_(type), hidden_(config.hidden_size) {}

  absl::StatusOr<std::vector<float>> Floats(const std::string& name,
                                            const std::vector<int64_t>& shape) const {
    ASSIGN_OR_RETURN(const std::unique_ptr<StackedTensors> tensor, Stack({name}, shape));
    return ReadAll(*tensor);
  }

  // Modules [out, in] each, stacked into one product.
  absl::StatusOr<PackedLinear> Linear(const std::vector<std::string>& modules, int64_t out,
                                      int64_t in, WeightType type) const {
    std::vector<std::string> names;
    std::vector<float> bias;
    for (const std::string& module : modules) {
      names.push_back(module + ".weight");
      ASSIGN_OR_RETURN(const auto part, Floats(module + ".bias", {out}));
      bias.insert(bias.end(), part.begin(), part.end());
    }
    ASSIGN_OR_RETURN(const std::unique_ptr<StackedTensors> stack, Stack(names, {out, in}));
    return PackWeight(*stack, bias.data(), type);
  }

  absl::StatusOr<LayerNormWeights> Norm(const std::string& module) const {
    LayerNormWeights norm;
    ASSIGN_OR_RETURN(norm.weight, Floats(module + ".weight", {hidden_}));
    ASSIGN_OR_RETURN(norm.bias, Floats(module + ".bias", {hidden_}));
    return norm;
  }

  absl::StatusOr<ClassifierLayer> Layer(int64_t index) const {
    const std::string name = StrCat(config_.model_type(), ".encoder.layer.", index);
    const int64_t wide = config_.intermediate_size;
    const std::string self = name + ".attention.self.";
    ASSIGN_OR_RETURN(PackedLinear qkv, Linear({self + "query", self + "key", self + "value"},
                                              hidden_, hidden_, type_));
    ASSIGN_OR_RETURN(PackedLinear attention,
                     Linear({name + ".attention.output.dense"}, hidden_, hidden_, type_));
    ASSIGN_OR_RETURN(LayerNormWeights attention_norm, Norm(name + ".attention.output.LayerNorm"));
    ASSIGN_OR_RETURN(PackedLinear intermediate,
                     Linear({name + ".intermediate.dense"}, wide, hidden_, type_));
    ASSIGN_OR_RETURN(PackedLinear output, Linear({name + ".output.dense"}, hidden_, wide, type_));
    ASSIGN_OR_RETURN(LayerNormWeights output_norm, Norm(name + ".output.LayerNorm"));
    return ClassifierLayer{std::move(qkv),          std::move(attention), std::move(attention_norm),
                           std::move(intermediate), std::move(output),    std::move(output_norm)};
  }

  absl::StatusOr<std::vector<float>> Embedding(std::string_view table, int64_t rows) const {
    return Floats(EmbeddingName(table), {rows, hidden_});
  }

  // The same of the one that is large, on the compute threads.
  absl::StatusOr<EmbeddingTable> Words() const {
    ASSIGN_OR_RETURN(const std::unique_ptr<StackedTensors> table,
                     Stack({EmbeddingName("word")}, {config_.vocab_size, hidden_}));
    return EmbeddingTable::Read(*table, type_);
  }

  absl::StatusOr<LayerNormWeights> EmbeddingNorm() const {
    return Norm(StrCat(config_.model_type(), ".embeddings.LayerNorm"));
  }

 private:
  std::string EmbeddingName(std::string_view table) const {
    return StrCat(config_.model_type(), ".embeddings.", table, "_embeddings.weight");
  }

  absl::StatusOr<std::unique_ptr<StackedTensors>> Stack(const std::vector<std::string>& names,
                                                        const std::vector<int64_t>& shape) const {
    std::vector<StackedTensors::Part> parts;
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(TensorView view, checkpoint_.Get(name, shape));
      parts.push_back({std::move(view), checkpoint_.Where(name)});
    }
    return std::make_unique<StackedTensors>(
        std::move(parts), [this](std::span<const std::byte> part) { checkpoint_.Release(part); });
  }

  const Checkpoint& checkpoint_;
  const RobertaConfig& config_;
  const WeightType type_;
  const int64_t hidden_;
};

}  // namespace

absl::StatusOr<ClassifierWeights> LoadClassifierWeights(const std::filesystem::path& folder,
                                                        const RobertaConfig& config,
                                                        WeightType type) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Open(folder));
  const Reader reader(checkpoint, config, type);
  const int64_t hidden = config.hidden_size;
  ASSIGN_OR_RETURN(auto words, reader.Words());
  ASSIGN_OR_RETURN(auto positions, reader.Embedding("position", config.max_position_embeddings));
  ASSIGN_OR_RETURN(auto types, reader.Embedding("token_type", config.type_vocab_size));
  ASSIGN_OR_RETURN(auto norm, reader.EmbeddingNorm());
  std::vector<ClassifierLayer> layers;
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    ASSIGN_OR_RETURN(ClassifierLayer layer, reader.Layer(i));
    layers.push_back(std::move(layer));
  }
  const bool bert = config.is_bert();
  const std::string head = bert ? "bert.pooler.dense" : "classifier.dense";
  const std::string out = bert ? "classifier" : "classifier.out_proj";
  ASSIGN_OR_RETURN(PackedLinear dense, reader.Linear({head}, hidden, hidden, WeightType::kF32));
  ASSIGN_OR_RETURN(PackedLinear out_proj,
                   reader.Linear({out}, config.num_labels(), hidden, WeightType::kF32));
  return ClassifierWeights{std::move(words),   std::move(positions), std::move(types),
                           std::move(norm),    std::move(layers),    std::move(dense),
                           std::move(out_proj)};
}

}  // namespace tact
