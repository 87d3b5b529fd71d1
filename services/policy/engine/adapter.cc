#include "services/policy/engine/adapter.h"

#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr char kPrefix[] = "base_model.model.";

struct SiteSpec {
  Site site;
  std::string module;
  int64_t out, in;
};

void AddAttentionSpecs(const T5Config& c, const std::string& prefix, Site q,
                       std::vector<SiteSpec>& specs) {
  const char* names[] = {"q", "k", "v", "o"};
  for (int i = 0; i < 4; ++i) {
    const bool is_o = i == 3;
    specs.push_back({static_cast<Site>(static_cast<int>(q) + i), prefix + names[i],
                     is_o ? c.d_model : c.inner_dim(), is_o ? c.inner_dim() : c.d_model});
  }
}

// Every linear of one block, with the name it has in transformers.
std::vector<SiteSpec> BlockSpecs(const T5Config& c, bool decoder, int64_t block) {
  const std::string prefix = StrCat(decoder ? "decoder" : "encoder", ".block.", block, ".layer.");
  std::vector<SiteSpec> specs;
  AddAttentionSpecs(c, prefix + "0.SelfAttention.", Site::kSelfQ, specs);
  if (decoder) AddAttentionSpecs(c, prefix + "1.EncDecAttention.", Site::kCrossQ, specs);
  const std::string feed = prefix + (decoder ? "2" : "1") + ".DenseReluDense.";
  specs.push_back({Site::kWi0, feed + (c.gated ? "wi_0" : "wi"), c.d_ff, c.d_model});
  if (c.gated) specs.push_back({Site::kWi1, feed + "wi_1", c.d_ff, c.d_model});
  specs.push_back({Site::kWo, feed + "wo", c.d_model, c.d_ff});
  return specs;
}

struct PairSize {
  int64_t in, out, rank;
};

// Nothing where the module has no adapter.
absl::StatusOr<std::optional<LoraPair>> ReadPair(const std::string& module, const PairSize& size,
                                                 TensorSource& source) {
  const std::string a = StrCat(kPrefix, module, ".lora_A.weight");
  const std::string b = StrCat(kPrefix, module, ".lora_B.weight");
  if (!source.Has(a) && !source.Has(b)) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<float> a_values, source.Read(a, {size.rank, size.in}));
  ASSIGN_OR_RETURN(std::vector<float> b_values, source.Read(b, {size.out, size.rank}));
  return LoraPair{size.in, size.out, std::move(a_values), std::move(b_values)};
}

absl::StatusOr<BlockLora> ReadBlock(const std::vector<SiteSpec>& specs, int64_t rank,
                                    TensorSource& source) {
  BlockLora block;
  for (const SiteSpec& spec : specs) {
    ASSIGN_OR_RETURN(block[static_cast<size_t>(spec.site)],
                     ReadPair(spec.module, {spec.in, spec.out, rank}, source));
  }
  return block;
}

absl::StatusOr<std::vector<BlockLora>> ReadStack(const T5Config& c, bool decoder, int64_t rank,
                                                 TensorSource& source) {
  std::vector<BlockLora> blocks;
  const int64_t count = decoder ? c.num_decoder_layers : c.num_layers;
  for (int64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(BlockLora block, ReadBlock(BlockSpecs(c, decoder, i), rank, source));
    blocks.push_back(std::move(block));
  }
  return blocks;
}

absl::StatusOr<std::optional<PositionBias>> ReadBias(const T5Config& config, TensorSource& source,
                                                     Stack stack, const SequenceLimits& limits) {
  if (!source.Has(PositionBiasName(kPrefix, stack))) return std::nullopt;
  return ReadPositionBias(config, source, kPrefix, stack, limits);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Adapter>> BuildAdapter(const T5Config& config,
                                                            TensorSource source,
                                                            const LoraScale& scale,
                                                            const SequenceLimits& limits) {
  auto adapter = std::make_shared<Adapter>();
  adapter->rank = scale.rank;
  adapter->scale = scale.alpha / static_cast<float>(scale.rank);
  ASSIGN_OR_RETURN(adapter->encoder, ReadStack(config, false, scale.rank, source));
  ASSIGN_OR_RETURN(adapter->decoder, ReadStack(config, true, scale.rank, source));
  if (!config.tie_word_embeddings) {
    ASSIGN_OR_RETURN(adapter->head,
                     ReadPair("lm_head", {config.d_model, config.vocab_size, scale.rank}, source));
  }
  ASSIGN_OR_RETURN(adapter->encoder_bias, ReadBias(config, source, Stack::kEncoder, limits));
  ASSIGN_OR_RETURN(adapter->decoder_bias, ReadBias(config, source, Stack::kDecoder, limits));
  RETURN_IF_ERROR(source.CheckAllUsed());
  adapter->parameters = source.NumElements();
  if (adapter->parameters > 0) return adapter;
  return FieldError(source.label(), "no tensors", "the adapter is empty",
                    "send lora_A and lora_B of at least one linear");
}

}  // namespace tact
