#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/config.h"
#include "common/model/json_fields.h"

namespace tact {
namespace {

constexpr int64_t kMaxSize = 1 << 24;

Activation ReadActivation(JsonFields& fields) {
  const std::string name = fields.OneOf("hidden_act", "gelu", {"gelu", "gelu_new", "relu"});
  if (name == "relu") return Activation::kRelu;
  return name == "gelu" ? Activation::kGelu : Activation::kGeluNew;
}

// {"0": "nothate", "1": "hate"} -> names by index. Where there is none, num_labels numbered names.
std::vector<std::string> ReadLabels(JsonFields& fields) {
  std::vector<std::string> labels(static_cast<size_t>(fields.Int("num_labels", 2, 1, 65536)));
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = absl::StrCat("LABEL_", i);
  if (!fields.Has("id2label")) return labels;
  const nlohmann::json& map = fields.json()["id2label"];
  labels.assign(map.is_object() ? map.size() : 0, "");
  bool good = !labels.empty();
  for (const auto& [key, value] : map.items()) {
    size_t index = 0;
    good = good && absl::SimpleAtoi(key, &index) && index < labels.size() && value.is_string() &&
           absl::StrCat(index) == key;
    if (good) labels[index] = value.get<std::string>();
  }
  if (!good) fields.Fail("id2label", map.dump(), "class numbers from 0 on, each with a name");
  return labels;
}

// What transformers' configuration classes have where config.json says nothing.
RobertaConfig Defaults(EncoderFamily family) {
  RobertaConfig c;
  c.family = family;
  if (!c.is_bert()) return c;
  c.vocab_size = 30522;
  c.max_position_embeddings = 512;
  c.type_vocab_size = 2;
  c.layer_norm_eps = 1e-12;
  c.pad_token_id = 0;
  return c;
}

RobertaConfig ReadSizes(JsonFields& fields, EncoderFamily family) {
  RobertaConfig c = Defaults(family);
  c.vocab_size = fields.Int("vocab_size", c.vocab_size, 1, kMaxSize);
  c.hidden_size = fields.Int("hidden_size", c.hidden_size, 1, kMaxSize);
  c.num_hidden_layers = fields.Int("num_hidden_layers", c.num_hidden_layers, 1, 1024);
  c.num_attention_heads = fields.Int("num_attention_heads", c.num_attention_heads, 1, 1024);
  c.intermediate_size = fields.Int("intermediate_size", c.intermediate_size, 1, kMaxSize);
  c.max_position_embeddings =
      fields.Int("max_position_embeddings", c.max_position_embeddings, 3, kMaxSize);
  c.type_vocab_size = fields.Int("type_vocab_size", c.type_vocab_size, 1, 1024);
  c.pad_token_id = fields.Int("pad_token_id", c.pad_token_id, 0,
                              std::min(c.vocab_size - 1, c.max_position_embeddings - 2));
  if (!c.is_bert()) {
    c.bos_token_id = fields.Int("bos_token_id", c.bos_token_id, 0, c.vocab_size - 1);
    c.eos_token_id = fields.Int("eos_token_id", c.eos_token_id, 0, c.vocab_size - 1);
  }
  if (c.hidden_size % c.num_attention_heads != 0) {
    fields.Fail("num_attention_heads", absl::StrCat(c.num_attention_heads),
                absl::StrCat("a divisor of hidden_size, ", c.hidden_size));
  }
  return c;
}

void ReadRest(JsonFields& fields, RobertaConfig& c) {
  c.layer_norm_eps = fields.Number("layer_norm_eps", c.layer_norm_eps, 1e-20, 1.0);
  c.hidden_dropout_prob = fields.Number("hidden_dropout_prob", c.hidden_dropout_prob, 0.0, 0.999);
  c.attention_probs_dropout_prob =
      fields.Number("attention_probs_dropout_prob", c.attention_probs_dropout_prob, 0.0, 0.999);
  c.classifier_dropout = fields.Number("classifier_dropout", c.hidden_dropout_prob, 0.0, 0.999);
  c.initializer_range = fields.Number("initializer_range", c.initializer_range, 0.0, 1e6);
  c.activation = ReadActivation(fields);
  c.labels = ReadLabels(fields);
  fields.OneOf("position_embedding_type", "absolute", {"absolute"});
}

}  // namespace

absl::StatusOr<RobertaConfig> RobertaConfig::FromJson(std::string_view json,
                                                      std::string_view file) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Parse(json, file));
  const std::string type =
      fields.OneOf("model_type", "roberta", {"roberta", "xlm-roberta", "bert"});
  RobertaConfig config =
      ReadSizes(fields, type == "bert" ? EncoderFamily::kBert : EncoderFamily::kRoberta);
  ReadRest(fields, config);
  RETURN_IF_ERROR(fields.status());
  return config;
}

absl::StatusOr<RobertaConfig> RobertaConfig::Load(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, size_t{1} << 20));
  return FromJson(text, path.string());
}

std::string RobertaConfig::ToJson() const {
  nlohmann::ordered_json id2label, label2id;
  for (size_t i = 0; i < labels.size(); ++i) {
    id2label[std::to_string(i)] = labels[i];
    label2id[labels[i]] = i;
  }
  nlohmann::ordered_json json = {
      {"architectures",
       {is_bert() ? "BertForSequenceClassification" : "RobertaForSequenceClassification"}},
      {"attention_probs_dropout_prob", attention_probs_dropout_prob},
      {"bos_token_id", bos_token_id},
      {"classifier_dropout", classifier_dropout},
      {"eos_token_id", eos_token_id},
      {"hidden_act", ActivationName(activation)},
      {"hidden_dropout_prob", hidden_dropout_prob},
      {"hidden_size", hidden_size},
      {"id2label", id2label},
      {"initializer_range", initializer_range},
      {"intermediate_size", intermediate_size},
      {"label2id", label2id},
      {"layer_norm_eps", layer_norm_eps},
      {"max_position_embeddings", max_position_embeddings},
      {"model_type", model_type()},
      {"num_attention_heads", num_attention_heads},
      {"num_hidden_layers", num_hidden_layers},
      {"pad_token_id", pad_token_id},
      {"position_embedding_type", "absolute"},
      {"torch_dtype", "float32"},
      {"type_vocab_size", type_vocab_size},
      {"use_cache", true},
      {"vocab_size", vocab_size}};
  if (is_bert()) {
    json.erase("bos_token_id");
    json.erase("eos_token_id");
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int64_t RobertaConfig::num_parameters() const {
  const int64_t h = hidden_size, norm = 2 * h;
  const int64_t embeddings = (vocab_size + max_position_embeddings + type_vocab_size) * h + norm;
  const int64_t attention = 4 * (h * h + h) + norm;
  const int64_t feed_forward = 2 * h * intermediate_size + intermediate_size + h + norm;
  const int64_t classifier = h * h + h + num_labels() * (h + 1);
  return embeddings + num_hidden_layers * (attention + feed_forward) + classifier;
}

}  // namespace tact
