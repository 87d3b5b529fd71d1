#include "services/policy/policy_model.h"

#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/checkpoint.h"

namespace tact {
namespace {

absl::Status CheckModelType(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const ModelType type, DetectModelType(folder));
  if (type == ModelType::kT5) return absl::OkStatus();
  return FieldError((folder / "config.json").string() + ": model_type",
                    type == ModelType::kBert ? "\"bert\"" : "\"roberta\"",
                    "is not a generating model", "give tact-policy a T5 folder");
}

// generation_config.json decides the ids that generation begins and ends with.
absl::Status ApplyGenerationDefaults(const std::filesystem::path& folder, T5Config& config) {
  ASSIGN_OR_RETURN(const GenerationDefaults defaults, GenerationDefaults::Load(folder));
  config.decoder_start_token_id = defaults.decoder_start_token_id;
  config.eos_token_id = defaults.eos_token_id;
  for (const int64_t id : {config.decoder_start_token_id, config.eos_token_id}) {
    if (id >= 0 && id < config.vocab_size) continue;
    return FieldError((folder / "generation_config.json").string(), StrCat(id),
                      "names a token outside the vocabulary",
                      StrCat("use ids below vocab_size, ", config.vocab_size));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyModel> LoadPolicyModel(const std::filesystem::path& folder,
                                            const SequenceLimits& limits, WeightType weight_type) {
  if (!std::filesystem::is_directory(folder)) {
    return FieldError("--model", folder.string(), "is not a folder",
                      "give a Hugging Face folder with config.json, model.safetensors (or "
                      "pytorch_model.bin) and spiece.model");
  }
  RETURN_IF_ERROR(CheckModelType(folder));
  PolicyModel model = {.folder = folder};
  ASSIGN_OR_RETURN(model.config, T5Config::Load(folder));
  RETURN_IF_ERROR(ApplyGenerationDefaults(folder, model.config));
  ASSIGN_OR_RETURN(model.tokenizer, LoadTokenizer(folder));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Open(folder));
  TensorSource source(checkpoint);
  source.set_weight_type(weight_type);
  ASSIGN_OR_RETURN(model.snapshot, BuildSnapshot(model.config, std::move(source), limits));
  return model;
}

}  // namespace tact
