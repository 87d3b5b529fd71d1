#include "services/policy/engine/snapshot.h"

#include <cmath>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

std::string LayerPrefix(const char* stack, int64_t block, int64_t layer) {
  return StrCat(stack, ".block.", block, ".layer.", layer, ".");
}

absl::StatusOr<SelfAttentionWeights> ReadSelf(const T5Config& c, TensorSource& source,
                                              const std::string& prefix) {
  const std::string at = prefix + "SelfAttention.";
  ASSIGN_OR_RETURN(std::vector<float> norm, source.Read(prefix + "layer_norm.weight", {c.d_model}));
  ASSIGN_OR_RETURN(
      PackedLinear qkv,
      source.Linear({at + "q.weight", at + "k.weight", at + "v.weight"}, c.inner_dim(), c.d_model));
  ASSIGN_OR_RETURN(PackedLinear o, source.Linear({at + "o.weight"}, c.d_model, c.inner_dim()));
  return SelfAttentionWeights{std::move(norm), std::move(qkv), std::move(o)};
}

absl::StatusOr<CrossAttentionWeights> ReadCross(const T5Config& c, TensorSource& source,
                                                const std::string& prefix) {
  const std::string at = prefix + "EncDecAttention.";
  ASSIGN_OR_RETURN(std::vector<float> norm, source.Read(prefix + "layer_norm.weight", {c.d_model}));
  ASSIGN_OR_RETURN(PackedLinear q, source.Linear({at + "q.weight"}, c.inner_dim(), c.d_model));
  ASSIGN_OR_RETURN(PackedLinear kv,
                   source.Linear({at + "k.weight", at + "v.weight"}, c.inner_dim(), c.d_model));
  ASSIGN_OR_RETURN(PackedLinear o, source.Linear({at + "o.weight"}, c.d_model, c.inner_dim()));
  return CrossAttentionWeights{std::move(norm), std::move(q), std::move(kv), std::move(o)};
}

absl::StatusOr<PackedLinear> ReadFeedForwardIn(const T5Config& c, TensorSource& source,
                                               const std::string& at) {
  if (!c.gated) return source.Linear({at + "wi.weight"}, c.d_ff, c.d_model);
  return source.Linear({at + "wi_0.weight", at + "wi_1.weight"}, c.d_ff, c.d_model);
}

absl::StatusOr<FeedForwardWeights> ReadFeedForward(const T5Config& c, TensorSource& source,
                                                   const std::string& prefix) {
  const std::string at = prefix + "DenseReluDense.";
  ASSIGN_OR_RETURN(std::vector<float> norm, source.Read(prefix + "layer_norm.weight", {c.d_model}));
  ASSIGN_OR_RETURN(PackedLinear in, ReadFeedForwardIn(c, source, at));
  ASSIGN_OR_RETURN(PackedLinear out, source.Linear({at + "wo.weight"}, c.d_model, c.d_ff));
  return FeedForwardWeights{std::move(norm), std::move(in), std::move(out)};
}

absl::StatusOr<std::vector<EncoderLayerWeights>> ReadEncoder(const T5Config& c,
                                                             TensorSource& source) {
  std::vector<EncoderLayerWeights> layers;
  for (int64_t i = 0; i < c.num_layers; ++i) {
    ASSIGN_OR_RETURN(auto self, ReadSelf(c, source, LayerPrefix("encoder", i, 0)));
    ASSIGN_OR_RETURN(auto ff, ReadFeedForward(c, source, LayerPrefix("encoder", i, 1)));
    layers.push_back({std::move(self), std::move(ff)});
  }
  return layers;
}

absl::StatusOr<std::vector<DecoderLayerWeights>> ReadDecoder(const T5Config& c,
                                                             TensorSource& source) {
  std::vector<DecoderLayerWeights> layers;
  for (int64_t i = 0; i < c.num_decoder_layers; ++i) {
    ASSIGN_OR_RETURN(auto self, ReadSelf(c, source, LayerPrefix("decoder", i, 0)));
    ASSIGN_OR_RETURN(auto cross, ReadCross(c, source, LayerPrefix("decoder", i, 1)));
    ASSIGN_OR_RETURN(auto ff, ReadFeedForward(c, source, LayerPrefix("decoder", i, 2)));
    layers.push_back({std::move(self), std::move(cross), std::move(ff)});
  }
  return layers;
}

// transformers saves the shared embedding under one of three names, or under all of them.
std::string EmbeddingName(const TensorSource& source) {
  for (const char* name :
       {"shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}) {
    if (source.Has(name)) return name;
  }
  return "shared.weight";
}

// Names that checkpoints carry beside what is read: copies of the shared embedding, and a bias of
// the first T5 release that nothing uses.
void IgnoreKnownExtras(const T5Config& c, TensorSource& source) {
  for (const char* name :
       {"shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"}) {
    source.Ignore(name);
  }
  if (c.tie_word_embeddings) source.Ignore("lm_head.weight");
}

}  // namespace

std::string PositionBiasName(std::string_view prefix, Stack stack) {
  return StrCat(prefix, stack == Stack::kEncoder ? "encoder" : "decoder",
                ".block.0.layer.0.SelfAttention.relative_attention_bias.weight");
}

absl::StatusOr<PositionBias> ReadPositionBias(const T5Config& c, TensorSource& source,
                                              std::string_view prefix, Stack stack,
                                              const SequenceLimits& limits) {
  const bool encoder = stack == Stack::kEncoder;
  const BucketRule rule = {c.relative_attention_num_buckets, c.relative_attention_max_distance,
                           encoder};
  ASSIGN_OR_RETURN(const std::vector<float> table,
                   source.Read(PositionBiasName(prefix, stack), {rule.buckets, c.num_heads}));
  return PositionBias(table, c.num_heads, rule,
                      encoder ? limits.max_prompt_tokens : limits.max_new_tokens);
}

absl::StatusOr<std::shared_ptr<const Snapshot>> BuildSnapshot(const T5Config& c,
                                                              TensorSource source,
                                                              const SequenceLimits& limits) {
  ASSIGN_OR_RETURN(EmbeddingTable embedding,
                   source.Embedding(EmbeddingName(source), c.vocab_size, c.d_model));
  ASSIGN_OR_RETURN(PositionBias encoder_bias,
                   ReadPositionBias(c, source, "", Stack::kEncoder, limits));
  ASSIGN_OR_RETURN(PositionBias decoder_bias,
                   ReadPositionBias(c, source, "", Stack::kDecoder, limits));
  ASSIGN_OR_RETURN(auto encoder, ReadEncoder(c, source));
  ASSIGN_OR_RETURN(auto decoder, ReadDecoder(c, source));
  ASSIGN_OR_RETURN(auto encoder_norm, source.Read("encoder.final_layer_norm.weight", {c.d_model}));
  ASSIGN_OR_RETURN(auto decoder_norm, source.Read("decoder.final_layer_norm.weight", {c.d_model}));
  ASSIGN_OR_RETURN(PackedLinear head,
                   source.Linear({c.tie_word_embeddings ? EmbeddingName(source) : "lm_head.weight"},
                                 c.vocab_size, c.d_model));
  IgnoreKnownExtras(c, source);
  RETURN_IF_ERROR(source.CheckAllUsed());
  const float scale =
      c.tie_word_embeddings ? 1.0f / std::sqrt(static_cast<float>(c.d_model)) : 1.0f;
  return std::make_shared<const Snapshot>(
      Snapshot{c, std::move(embedding), std::move(encoder_bias), std::move(decoder_bias),
               std::move(encoder), std::move(decoder), std::move(encoder_norm),
               std::move(decoder_norm), std::move(head), source.weight_type(), scale});
}

}  // namespace tact
