#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/config.h"
#include "common/model/json_fields.h"

namespace tact {
namespace {

constexpr int64_t kMaxSize = 1 << 24;  // above any real model; keeps products far from overflow

struct FeedForward {
  Activation activation;
  bool gated;
};

// "relu", "gated-gelu" (which transformers reads as gelu_new), "gated-relu", "gelu_new", ...
FeedForward ReadFeedForward(JsonFields& fields) {
  const std::string text =
      fields.OneOf("feed_forward_proj", "relu",
                   {"relu", "gelu", "gelu_new", "gated-relu", "gated-gelu", "gated-gelu_new"});
  const bool gated = text.starts_with("gated-");
  const std::string name = gated ? text.substr(std::string_view("gated-").size()) : text;
  if (name == "relu") return {Activation::kRelu, gated};
  if (name == "gelu" && !gated) return {Activation::kGelu, false};
  return {Activation::kGeluNew, gated};
}

std::string FeedForwardName(const T5Config& config) {
  if (config.gated) return config.activation == Activation::kRelu ? "gated-relu" : "gated-gelu";
  if (config.activation == Activation::kRelu) return "relu";
  return config.activation == Activation::kGelu ? "gelu" : "gelu_new";
}

T5Config ReadSizes(JsonFields& fields) {
  T5Config c;
  c.vocab_size = fields.Int("vocab_size", c.vocab_size, 1, kMaxSize);
  c.d_model = fields.Int("d_model", c.d_model, 1, kMaxSize);
  c.d_kv = fields.Int("d_kv", c.d_kv, 1, kMaxSize);
  c.d_ff = fields.Int("d_ff", c.d_ff, 1, kMaxSize);
  c.num_layers = fields.Int("num_layers", c.num_layers, 1, 1024);
  c.num_decoder_layers = fields.Int("num_decoder_layers", c.num_layers, 1, 1024);
  c.num_heads = fields.Int("num_heads", c.num_heads, 1, 1024);
  c.relative_attention_num_buckets =
      fields.Int("relative_attention_num_buckets", c.relative_attention_num_buckets, 4, 65536);
  c.relative_attention_max_distance =
      fields.Int("relative_attention_max_distance", c.relative_attention_max_distance, 1, 1 << 20);
  return c;
}

void ReadRest(JsonFields& fields, T5Config& c) {
  c.dropout_rate = fields.Number("dropout_rate", c.dropout_rate, 0.0, 0.999);
  c.layer_norm_epsilon = fields.Number("layer_norm_epsilon", c.layer_norm_epsilon, 1e-20, 1.0);
  c.initializer_factor = fields.Number("initializer_factor", c.initializer_factor, 0.0, 1e6);
  const FeedForward feed_forward = ReadFeedForward(fields);
  c.activation = feed_forward.activation;
  c.gated = feed_forward.gated;
  c.tie_word_embeddings = fields.Bool("tie_word_embeddings", c.tie_word_embeddings);
  c.pad_token_id = fields.Int("pad_token_id", c.pad_token_id, 0, c.vocab_size - 1);
  c.eos_token_id = fields.Int("eos_token_id", c.eos_token_id, 0, c.vocab_size - 1);
  c.decoder_start_token_id =
      fields.Int("decoder_start_token_id", c.pad_token_id, 0, c.vocab_size - 1);
  const int64_t exact = c.relative_attention_num_buckets / 2;
  if (c.relative_attention_max_distance <= exact) {
    fields.Fail("relative_attention_max_distance", absl::StrCat(c.relative_attention_max_distance),
                absl::StrCat("more than half of relative_attention_num_buckets, ", exact));
  }
}

}  // namespace

absl::StatusOr<T5Config> T5Config::FromJson(std::string_view json, std::string_view file) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Parse(json, file));
  fields.OneOf("model_type", "t5", {"t5", "mt5"});
  T5Config config = ReadSizes(fields);
  ReadRest(fields, config);
  RETURN_IF_ERROR(fields.status());
  return config;
}

absl::StatusOr<T5Config> T5Config::Load(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, size_t{1} << 20));
  return FromJson(text, path.string());
}

std::string T5Config::ToJson() const {
  const nlohmann::ordered_json json = {
      {"architectures", {"T5ForConditionalGeneration"}},
      {"d_ff", d_ff},
      {"d_kv", d_kv},
      {"d_model", d_model},
      {"decoder_start_token_id", decoder_start_token_id},
      {"dense_act_fn", ActivationName(activation)},
      {"dropout_rate", dropout_rate},
      {"eos_token_id", eos_token_id},
      {"feed_forward_proj", FeedForwardName(*this)},
      {"initializer_factor", initializer_factor},
      {"is_encoder_decoder", true},
      {"is_gated_act", gated},
      {"layer_norm_epsilon", layer_norm_epsilon},
      {"model_type", "t5"},
      {"num_decoder_layers", num_decoder_layers},
      {"num_heads", num_heads},
      {"num_layers", num_layers},
      {"pad_token_id", pad_token_id},
      {"relative_attention_max_distance", relative_attention_max_distance},
      {"relative_attention_num_buckets", relative_attention_num_buckets},
      {"tie_word_embeddings", tie_word_embeddings},
      {"torch_dtype", "float32"},
      {"use_cache", true},
      {"vocab_size", vocab_size}};
  return json.dump(2) + "\n";
}

int64_t T5Config::num_parameters() const {
  const int64_t attention = 4 * d_model * inner_dim() + d_model;  // q, k, v, o and the norm
  const int64_t feed_forward = (gated ? 3 : 2) * d_model * d_ff + d_model;
  const int64_t embeddings = (tie_word_embeddings ? 1 : 2) * vocab_size * d_model;
  const int64_t biases = 2 * relative_attention_num_buckets * num_heads;
  return embeddings + biases + 2 * d_model + num_layers * (attention + feed_forward) +
         num_decoder_layers * (2 * attention + feed_forward);
}

}  // namespace tact
