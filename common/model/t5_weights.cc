// Making, loading and saving the weights of T5Model.
#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "common/base/status.h"
#include "common/model/mimetic_init.h"
#include "common/model/t5_model.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

// Standard deviations of T5PreTrainedModel._init_weights, without the factor; 0 means ones.
double StandardDeviation(const T5Config& c, std::string_view name, bool scaled_lm_head) {
  const double d_model = static_cast<double>(c.d_model);
  if (name.ends_with("layer_norm.weight")) return 0.0;
  if (name == "shared.weight") return 1.0;
  if (name == "lm_head.weight") return scaled_lm_head ? std::pow(d_model, -0.5) : 1.0;
  if (name.ends_with(".q.weight")) {
    return std::pow(d_model * static_cast<double>(c.d_kv), -0.5);
  }
  if (name.ends_with(".o.weight")) return std::pow(static_cast<double>(c.inner_dim()), -0.5);
  if (name.ends_with(".wo.weight")) return std::pow(static_cast<double>(c.d_ff), -0.5);
  return std::pow(d_model, -0.5);  // k, v, wi, wi_0, wi_1, relative_attention_bias
}

}  // namespace

void T5Model::Initialize(uint64_t seed, const T5Init& init) {
  const at::NoGradGuard no_grad;
  at::Generator generator = MakeGenerator(seed);
  for (const NamedTensor& item : parameters().items()) {
    const double deviation = StandardDeviation(config_, item.name, init.scaled_lm_head);
    if (deviation == 0.0) {
      item.tensor.fill_(config_.initializer_factor);
    } else {
      item.tensor.normal_(0.0, config_.initializer_factor * deviation, generator);
    }
  }
  if (init.mimetic) ApplyMimeticInit(config_, parameters(), seed);
}

absl::StatusOr<std::unique_ptr<T5Model>> T5Model::Create(const T5Config& config, uint64_t seed,
                                                         const T5Init& init) {
  return CatchExceptions("making a T5 model", [&]() -> absl::StatusOr<std::unique_ptr<T5Model>> {
    std::unique_ptr<T5Model> model(new T5Model(config));
    model->Initialize(seed, init);
    return model;
  });
}

absl::StatusOr<std::unique_ptr<T5Model>> T5Model::Load(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const T5Config config, T5Config::Load(folder));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Open(folder));
  return CatchExceptions("loading a T5 model", [&]() -> absl::StatusOr<std::unique_ptr<T5Model>> {
    std::unique_ptr<T5Model> model(new T5Model(config));
    RETURN_IF_ERROR(model->ReadWeights(checkpoint));
    return model;
  });
}

std::map<std::string, std::string> T5Model::ConfigFiles() const {
  const GenerationDefaults defaults{config_.decoder_start_token_id, config_.eos_token_id,
                                    config_.pad_token_id};
  return {{"config.json", config_.ToJson()}, {"generation_config.json", defaults.ToJson()}};
}

// The stacks share one embedding, which checkpoints may hold under any of its names.
std::vector<std::string> T5Model::Aliases(std::string_view name) const {
  if (name != "shared.weight") return {};
  std::vector<std::string> names = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"};
  if (config_.tie_word_embeddings) names.push_back("lm_head.weight");
  return names;
}

bool T5Model::IsIgnoredName(std::string_view name) const {
  // A leftover of the first release of T5, which transformers ignores too.
  return name == "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";
}

}  // namespace tact
