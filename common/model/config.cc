#include "common/model/config.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/json_fields.h"

namespace tact {
namespace {

absl::StatusOr<JsonFields> ReadFields(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, size_t{1} << 20));
  return JsonFields::Parse(text, path.string());
}

}  // namespace

std::string_view ActivationName(Activation activation) {
  if (activation == Activation::kRelu) return "relu";
  return activation == Activation::kGelu ? "gelu" : "gelu_new";
}

absl::StatusOr<ModelType> DetectModelType(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "config.json", ignored)) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"MODEL_NOT_FOUND", folder.string(), "",
                      "name a Hugging Face model folder: config.json, model.safetensors, "
                      "tokenizer files"},
                     "there is no config.json");
  }
  ASSIGN_OR_RETURN(JsonFields fields, ReadFields(folder / "config.json"));
  const std::string type =
      fields.OneOf("model_type", "", {"t5", "mt5", "roberta", "xlm-roberta", "bert"});
  RETURN_IF_ERROR(fields.status());
  if (type == "bert") return ModelType::kBert;
  return type == "t5" || type == "mt5" ? ModelType::kT5 : ModelType::kRoberta;
}

absl::StatusOr<GenerationDefaults> GenerationDefaults::Load(const std::filesystem::path& folder) {
  std::error_code ignored;
  const bool own = std::filesystem::exists(folder / "generation_config.json", ignored);
  ASSIGN_OR_RETURN(JsonFields fields,
                   ReadFields(folder / (own ? "generation_config.json" : "config.json")));
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  GenerationDefaults out;
  out.pad_token_id = fields.Int("pad_token_id", 0, 0, kMax);
  out.eos_token_id = fields.Int("eos_token_id", 1, 0, kMax);
  out.decoder_start_token_id = fields.Int("decoder_start_token_id", out.pad_token_id, 0, kMax);
  RETURN_IF_ERROR(fields.status());
  return out;
}

std::string GenerationDefaults::ToJson() const {
  const nlohmann::ordered_json json = {{"decoder_start_token_id", decoder_start_token_id},
                                       {"eos_token_id", eos_token_id},
                                       {"pad_token_id", pad_token_id}};
  return json.dump(2) + "\n";
}

}  // namespace tact
