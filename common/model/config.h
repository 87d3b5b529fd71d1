// Hugging Face config.json of the models that tact runs, read with validation and written so that
// transformers loads it unchanged. Every error names file, key, what was expected and what was
// found.
#ifndef TACT_COMMON_MODEL_CONFIG_H_
#define TACT_COMMON_MODEL_CONFIG_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

enum class Activation { kRelu, kGelu, kGeluNew };  // kGelu is exact, kGeluNew the tanh form

std::string_view ActivationName(Activation activation);  // transformers' name

// T5, T5 v1.1, FLAN-T5 and mT5 (transformers' T5Config and its defaults).
struct T5Config {
  int64_t vocab_size = 32128;
  int64_t d_model = 512;
  int64_t d_kv = 64;  // of one head; heads * d_kv need not be d_model
  int64_t d_ff = 2048;
  int64_t num_layers = 6;
  int64_t num_decoder_layers = 6;
  int64_t num_heads = 8;
  int64_t relative_attention_num_buckets = 32;
  int64_t relative_attention_max_distance = 128;
  double dropout_rate = 0.1;
  double layer_norm_epsilon = 1e-6;
  double initializer_factor = 1.0;
  Activation activation = Activation::kRelu;
  bool gated = false;  // act(wi_0 x) * wi_1 x instead of act(wi x)
  bool tie_word_embeddings = true;
  int64_t pad_token_id = 0;
  int64_t eos_token_id = 1;
  int64_t decoder_start_token_id = 0;

  int64_t inner_dim() const { return num_heads * d_kv; }
  int64_t num_parameters() const;  // tied weights counted once, as transformers counts
  std::string ToJson() const;
  // `file` is the name for errors.
  static absl::StatusOr<T5Config> FromJson(std::string_view json,
                                           std::string_view file = "config.json");
  static absl::StatusOr<T5Config> Load(const std::filesystem::path& folder);
  bool operator==(const T5Config&) const = default;
};

// RoBERTa is BERT with other positions (counted from the pad id on) and another head; XLM-RoBERTa
// has RoBERTa's shape.
enum class EncoderFamily { kRoberta, kBert };

// RobertaForSequenceClassification, and BertForSequenceClassification where `family` says so.
struct RobertaConfig {
  EncoderFamily family = EncoderFamily::kRoberta;
  int64_t vocab_size = 50265;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  int64_t max_position_embeddings = 514;  // RoBERTa's first position is pad_token_id + 1
  int64_t type_vocab_size = 1;
  double layer_norm_eps = 1e-5;
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  double classifier_dropout = 0.1;  // of hidden_dropout_prob where config.json has null
  double initializer_range = 0.02;
  Activation activation = Activation::kGelu;
  int64_t pad_token_id = 1;
  int64_t bos_token_id = 0;  // of RoBERTa only
  int64_t eos_token_id = 2;
  std::vector<std::string> labels = {"LABEL_0", "LABEL_1"};  // by class index (id2label)

  int64_t num_labels() const { return static_cast<int64_t>(labels.size()); }
  int64_t head_dim() const { return hidden_size / num_attention_heads; }
  int64_t first_position() const { return is_bert() ? 0 : pad_token_id + 1; }
  int64_t max_tokens() const { return max_position_embeddings - first_position(); }
  bool is_bert() const { return family == EncoderFamily::kBert; }
  std::string_view model_type() const { return is_bert() ? "bert" : "roberta"; }
  int64_t num_parameters() const;
  std::string ToJson() const;
  // "model_type" chooses the family and its defaults.
  static absl::StatusOr<RobertaConfig> FromJson(std::string_view json,
                                                std::string_view file = "config.json");
  static absl::StatusOr<RobertaConfig> Load(const std::filesystem::path& folder);
  bool operator==(const RobertaConfig&) const = default;
};

enum class ModelType { kT5, kRoberta, kBert };

// From "model_type" of folder/config.json; an error lists what tact supports.
absl::StatusOr<ModelType> DetectModelType(const std::filesystem::path& folder);

// What generate() takes where a request says nothing: generation_config.json, else config.json.
struct GenerationDefaults {
  int64_t decoder_start_token_id = 0;
  int64_t eos_token_id = 1;
  int64_t pad_token_id = 0;

  std::string ToJson() const;
  static absl::StatusOr<GenerationDefaults> Load(const std::filesystem::path& folder);
  bool operator==(const GenerationDefaults&) const = default;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_CONFIG_H_
