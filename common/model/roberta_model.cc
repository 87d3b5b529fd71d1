#include "common/model/roberta_model.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/fused_ops.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

at::Tensor Empty(at::IntArrayRef shape) { return at::empty(shape, at::TensorOptions(at::kFloat)); }

}  // namespace

std::string RobertaModel::EmbeddingsName(const char* name) const {
  return StrCat(config_.model_type(), ".embeddings.", name);
}

std::string RobertaModel::LayerName(int64_t index) const {
  return StrCat(config_.model_type(), ".encoder.layer.", index, ".");
}

std::string_view RobertaModel::DenseName() const {
  return config_.is_bert() ? "bert.pooler.dense" : "classifier.dense";
}

std::string_view RobertaModel::OutputName() const {
  return config_.is_bert() ? "classifier" : "classifier.out_proj";
}

RobertaModel::RobertaModel(const RobertaConfig& c) : config_(c) {
  AddParameter(EmbeddingsName("word_embeddings.weight"), Empty({c.vocab_size, c.hidden_size}));
  AddParameter(EmbeddingsName("position_embeddings.weight"),
               Empty({c.max_position_embeddings, c.hidden_size}));
  AddParameter(EmbeddingsName("token_type_embeddings.weight"),
               Empty({c.type_vocab_size, c.hidden_size}));
  AddNorm(EmbeddingsName("LayerNorm"));
  for (int64_t i = 0; i < c.num_hidden_layers; ++i) {
    const std::string layer = LayerName(i);
    for (const char* name : {"query", "key", "value"}) {
      AddLinear(layer + "attention.self." + name, c.hidden_size, c.hidden_size, true);
    }
    AddLinear(layer + "attention.output.dense", c.hidden_size, c.hidden_size, true);
    AddNorm(layer + "attention.output.LayerNorm");
    AddLinear(layer + "intermediate.dense", c.intermediate_size, c.hidden_size, true);
    AddLinear(layer + "output.dense", c.hidden_size, c.intermediate_size, true);
    AddNorm(layer + "output.LayerNorm");
  }
  AddLinear(std::string(DenseName()), c.hidden_size, c.hidden_size, true);
  AddLinear(std::string(OutputName()), c.num_labels(), c.hidden_size, true);
}

void RobertaModel::AddNorm(const std::string& module) {
  AddParameter(module + ".weight", Empty({config_.hidden_size}));
  AddParameter(module + ".bias", Empty({config_.hidden_size}));
}

void RobertaModel::Initialize(uint64_t seed) {
  const at::NoGradGuard no_grad;
  at::Generator generator = MakeGenerator(seed);
  for (const NamedTensor& item : parameters().items()) {
    const std::string_view name = item.name;
    if (name.ends_with(".bias")) {
      item.tensor.zero_();
    } else if (name.ends_with("LayerNorm.weight")) {
      item.tensor.fill_(1.0);
    } else {
      item.tensor.normal_(0.0, config_.initializer_range, generator);
    }
  }
  const auto clear = [&](const char* name) {
    parameters().At(EmbeddingsName(name)).select(0, config_.pad_token_id).zero_();
  };
  clear("word_embeddings.weight");
  if (!config_.is_bert()) clear("position_embeddings.weight");
}

absl::StatusOr<std::unique_ptr<RobertaModel>> RobertaModel::Create(const RobertaConfig& config,
                                                                   uint64_t seed) {
  using Result = absl::StatusOr<std::unique_ptr<RobertaModel>>;
  return CatchExceptions("making a classifier", [&]() -> Result {
    std::unique_ptr<RobertaModel> model(new RobertaModel(config));
    model->Initialize(seed);
    return model;
  });
}

absl::StatusOr<std::unique_ptr<RobertaModel>> RobertaModel::Load(
    const std::filesystem::path& folder) {
  using Result = absl::StatusOr<std::unique_ptr<RobertaModel>>;
  ASSIGN_OR_RETURN(const RobertaConfig config, RobertaConfig::Load(folder));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Open(folder));
  return CatchExceptions("loading a classifier", [&]() -> Result {
    std::unique_ptr<RobertaModel> model(new RobertaModel(config));
    RETURN_IF_ERROR(model->ReadWeights(checkpoint));
    return model;
  });
}

std::map<std::string, std::string> RobertaModel::ConfigFiles() const {
  return {{"config.json", config_.ToJson()}};
}

bool RobertaModel::IsIgnoredName(std::string_view name) const {
  // A buffer of older versions, and heads of pre-training that classification does not use.
  if (name == EmbeddingsName("position_ids")) return true;
  if (config_.is_bert()) return name.starts_with("cls.");
  return name.starts_with("roberta.pooler.") || name.starts_with("lm_head.");
}

at::Tensor RobertaModel::Norm(const std::string& module, const at::Tensor& x) const {
  return at::layer_norm(x, {config_.hidden_size}, parameters().At(module + ".weight"),
                        parameters().At(module + ".bias"), config_.layer_norm_eps);
}

// RoBERTa's tokens count from padding_idx + 1, padding stays at padding_idx (Fairseq's numbering).
// Padding has no trained row there; BERT numbers the places of a row.
at::Tensor RobertaModel::Positions(const at::Tensor& ids) const {
  const at::Tensor& table = parameters().At(EmbeddingsName("position_embeddings.weight"));
  if (config_.is_bert()) return table.narrow(0, 0, ids.size(1));
  const int64_t padding = config_.pad_token_id;
  const at::Tensor real = ids.ne(padding).to(at::kLong);
  return at::embedding(table, at::cumsum(real, 1).mul(real).add(padding), padding);
}

at::Tensor RobertaModel::Embed(const at::Tensor& ids, const at::Tensor& types) const {
  const at::Tensor words = at::embedding(parameters().At(EmbeddingsName("word_embeddings.weight")),
                                         ids, config_.pad_token_id);
  const at::Tensor& table = parameters().At(EmbeddingsName("token_type_embeddings.weight"));
  const at::Tensor type = types.defined() ? at::embedding(table, types) : table.select(0, 0);
  const at::Tensor x = words.add(type).add(Positions(ids));
  return Drop(Norm(EmbeddingsName("LayerNorm"), x), config_.hidden_dropout_prob);
}

at::Tensor RobertaModel::Attention(const std::string& layer, const at::Tensor& x,
                                   const at::Tensor& mask) const {
  const std::string self = layer + "attention.self.";
  const at::Tensor q = Linear(self + "query", x), k = Linear(self + "key", x);
  const at::Tensor v = Linear(self + "value", x);
  const double scale = 1.0 / std::sqrt(static_cast<double>(config_.head_dim()));
  const at::Tensor dropout =
      AttentionDropout(q, k, config_.num_attention_heads, config_.attention_probs_dropout_prob);
  const at::Tensor out =
      AttentionOp({config_.num_attention_heads, scale, false}, q, k, v, {}, mask, dropout);
  return Drop(Linear(layer + "attention.output.dense", out), config_.hidden_dropout_prob);
}

at::Tensor RobertaModel::Layer(const std::string& layer, const at::Tensor& x,
                               const at::Tensor& mask) const {
  const at::Tensor attended =
      Norm(layer + "attention.output.LayerNorm", Attention(layer, x, mask).add(x));
  at::Tensor inner = Linear(layer + "intermediate.dense", attended);
  if (config_.activation == Activation::kRelu) {
    inner = at::relu(inner);
  } else {
    inner = at::gelu(inner, config_.activation == Activation::kGelu ? "none" : "tanh");
  }
  const at::Tensor out = Drop(Linear(layer + "output.dense", inner), config_.hidden_dropout_prob);
  return Norm(layer + "output.LayerNorm", out.add(attended));
}

at::Tensor RobertaModel::Forward(const at::Tensor& ids, const at::Tensor& mask,
                                 const at::Tensor& types) const {
  const at::Tensor key_mask = mask.defined() ? mask.to(at::kFloat) : mask;
  at::Tensor x = Embed(ids, types);
  for (int64_t i = 0; i < config_.num_hidden_layers; ++i) x = Layer(LayerName(i), x, key_mask);
  at::Tensor first = x.select(1, 0);
  if (!config_.is_bert()) first = Drop(first, config_.classifier_dropout);
  const at::Tensor dense = at::tanh(Linear(DenseName(), first));
  return Linear(OutputName(), Drop(dense, config_.classifier_dropout));
}

}  // namespace tact
