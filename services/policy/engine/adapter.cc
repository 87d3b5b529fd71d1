#include "services/policy/engine/adapter.h"

#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

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

absl::StatusOr<BlockLora> ReadBlock(const std::vector<SiteSpec>& specs, int64_t rank,
                                    TensorSource& source) {
  BlockLora block;
  for (const SiteSpec& spec : specs) {
    const std::string a = StrCat("base_model.model.", spec.module, ".lora_A.weight");
    const std::string b = StrCat("base_model.model.", spec.module, ".lora_B.weight");
    if (!source.Has(a) && !source.Has(b)) continue;
    ASSIGN_OR_RETURN(std::vector<float> a_values, source.Read(a, {rank, spec.in}));
    ASSIGN_OR_RETURN(std::vector<float> b_values, source.Read(b, {spec.out, rank}));
    block[static_cast<size_t>(spec.site)] =
        LoraPair{spec.in, spec.out, std::move(a_values), std::move(b_values)};
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

uint64_t CountParameters(const std::vector<BlockLora>& blocks) {
  uint64_t count = 0;
  for (const BlockLora& block : blocks) {
    for (const auto& pair : block) {
      if (pair.has_value()) count += pair->a.size() + pair->b.size();
    }
  }
  return count;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Adapter>> BuildAdapter(const T5Config& config,
                                                            TensorSource source,
                                                            const LoraScale& scale) {
  ASSIGN_OR_RETURN(auto encoder, ReadStack(config, false, scale.rank, source));
  ASSIGN_OR_RETURN(auto decoder, ReadStack(config, true, scale.rank, source));
  RETURN_IF_ERROR(source.CheckAllUsed());
  const uint64_t parameters = CountParameters(encoder) + CountParameters(decoder);
  if (parameters == 0) {
    return FieldError(source.label(), "no tensors", "the adapter is empty",
                      "send lora_A and lora_B of at least one linear");
  }
  return std::make_shared<const Adapter>(
      Adapter{scale.rank, scale.alpha / static_cast<float>(scale.rank), parameters,
              std::move(encoder), std::move(decoder)});
}

}  // namespace tact
