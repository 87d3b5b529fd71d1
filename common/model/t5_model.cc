#include "common/model/t5_model.h"

#include <ATen/Functions.h>

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/model/fused_ops.h"

namespace tact {

// What attention needs besides its inputs.
struct T5Model::AttentionContext {
  at::Tensor bias;      // [heads, q, n] or undefined
  at::Tensor key_mask;  // [b, n] f32 or undefined
  bool causal = false;
};

namespace {

at::Tensor FloatMask(const at::Tensor& mask) { return mask.defined() ? mask.to(at::kFloat) : mask; }

std::string Block(const std::string& stack, int64_t index) {
  return absl::StrCat(stack, ".block.", index, ".layer.");
}

}  // namespace

int64_t RelativePositionBucket(int64_t relative_position, bool bidirectional, int64_t num_buckets,
                               int64_t max_distance) {
  int64_t bucket = 0, distance = relative_position;
  if (bidirectional) {
    num_buckets /= 2;
    if (distance > 0) bucket = num_buckets;
    distance = std::abs(distance);
  } else {
    distance = std::max<int64_t>(0, -distance);
  }
  const int64_t exact = num_buckets / 2;
  if (distance < exact) return bucket + distance;
  // In f32 and in this order, as the reference: a bucket's edge must not move by rounding.
  const float ratio =
      std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
      static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact)));
  const int64_t large =
      exact + static_cast<int64_t>(ratio * static_cast<float>(num_buckets - exact));
  return bucket + std::min(large, num_buckets - 1);
}

T5Model::T5Model(const T5Config& config) : config_(config) {
  AddParameter("shared.weight", at::empty({config.vocab_size, config.d_model}, at::kFloat));
  AddStack("encoder", config.num_layers, false);
  AddStack("decoder", config.num_decoder_layers, true);
  if (!config.tie_word_embeddings) AddLinear("lm_head", config.vocab_size, config.d_model, false);
}

void T5Model::AddStack(const std::string& stack, int64_t layers, bool decoder) {
  for (int64_t i = 0; i < layers; ++i) {
    const std::string block = Block(stack, i);
    AddAttention(block + "0", "SelfAttention", i == 0);
    if (decoder) AddAttention(block + "1", "EncDecAttention", false);
    AddFeedForward(block + (decoder ? "2" : "1"));
  }
  AddParameter(stack + ".final_layer_norm.weight", at::empty({config_.d_model}, at::kFloat));
}

void T5Model::AddAttention(const std::string& layer, const std::string& kind, bool relative_bias) {
  const std::string module = absl::StrCat(layer, ".", kind);
  for (const char* name : {".q", ".k", ".v"}) {
    AddLinear(module + name, config_.inner_dim(), config_.d_model, false);
  }
  AddLinear(module + ".o", config_.d_model, config_.inner_dim(), false);
  if (relative_bias) {
    AddParameter(
        module + ".relative_attention_bias.weight",
        at::empty({config_.relative_attention_num_buckets, config_.num_heads}, at::kFloat));
  }
  AddParameter(layer + ".layer_norm.weight", at::empty({config_.d_model}, at::kFloat));
}

void T5Model::AddFeedForward(const std::string& layer) {
  const std::string module = layer + ".DenseReluDense";
  if (config_.gated) {
    AddLinear(module + ".wi_0", config_.d_ff, config_.d_model, false);
    AddLinear(module + ".wi_1", config_.d_ff, config_.d_model, false);
  } else {
    AddLinear(module + ".wi", config_.d_ff, config_.d_model, false);
  }
  AddLinear(module + ".wo", config_.d_model, config_.d_ff, false);
  AddParameter(layer + ".layer_norm.weight", at::empty({config_.d_model}, at::kFloat));
}

at::Tensor T5Model::Norm(const std::string& module, const at::Tensor& x) const {
  return RmsNormOp(x, parameters().At(module + ".weight"), config_.layer_norm_epsilon);
}

at::Tensor T5Model::Activate(const at::Tensor& x) const {
  if (config_.activation == Activation::kRelu) return at::relu(x);
  return at::gelu(x, config_.activation == Activation::kGelu ? "none" : "tanh");
}

at::Tensor T5Model::Embed(const at::Tensor& ids) const {
  return Drop(at::embedding(parameters().At("shared.weight"), ids), config_.dropout_rate);
}

at::Tensor T5Model::PositionBias(const std::string& stack, int64_t size) const {
  const bool bidirectional = stack == "encoder";
  const at::Tensor buckets = at::empty({size, size}, at::kLong);
  int64_t* out = buckets.data_ptr<int64_t>();
  for (int64_t query = 0; query < size; ++query) {
    for (int64_t key = 0; key < size; ++key) {
      *out++ =
          RelativePositionBucket(key - query, bidirectional, config_.relative_attention_num_buckets,
                                 config_.relative_attention_max_distance);
    }
  }
  const at::Tensor& table = parameters().At(
      absl::StrCat(stack, ".block.0.layer.0.SelfAttention.relative_attention_bias.weight"));
  return at::embedding(table, buckets).permute({2, 0, 1}).contiguous();
}

at::Tensor T5Model::Attention(const std::string& module, const at::Tensor& x,
                              const at::Tensor& states, const AttentionContext& context) const {
  const at::Tensor q = Linear(module + ".q", x);
  const at::Tensor k = Linear(module + ".k", states), v = Linear(module + ".v", states);
  const AttentionOptions options{config_.num_heads, 1.0, context.causal};
  const at::Tensor dropout = AttentionDropout(q, k, config_.num_heads, config_.dropout_rate);
  const at::Tensor out = AttentionOp(options, q, k, v, context.bias, context.key_mask, dropout);
  return Drop(Linear(module + ".o", out), config_.dropout_rate);
}

at::Tensor T5Model::SelfAttentionLayer(const std::string& layer, const at::Tensor& x,
                                       const AttentionContext& context) const {
  const at::Tensor normed = Norm(layer + ".layer_norm", x);
  return x.add(Attention(layer + ".SelfAttention", normed, normed, context));
}

at::Tensor T5Model::CrossAttentionLayer(const std::string& layer, const at::Tensor& x,
                                        const at::Tensor& states,
                                        const AttentionContext& context) const {
  const at::Tensor normed = Norm(layer + ".layer_norm", x);
  return x.add(Attention(layer + ".EncDecAttention", normed, states, context));
}

at::Tensor T5Model::FeedForwardLayer(const std::string& layer, const at::Tensor& x) const {
  const at::Tensor normed = Norm(layer + ".layer_norm", x);
  const std::string module = layer + ".DenseReluDense";
  at::Tensor inner = Linear(module + (config_.gated ? ".wi_0" : ".wi"), normed);
  if (config_.gated && config_.activation == Activation::kGeluNew) {
    inner = GeluNewGateOp(inner, Linear(module + ".wi_1", normed));
  } else {
    inner = Activate(inner);
    if (config_.gated) inner = inner.mul(Linear(module + ".wi_1", normed));
  }
  const at::Tensor out = Linear(module + ".wo", Drop(inner, config_.dropout_rate));
  return x.add(Drop(out, config_.dropout_rate));
}

at::Tensor T5Model::Encode(const at::Tensor& ids, const at::Tensor& mask) const {
  const AttentionContext context{PositionBias("encoder", ids.size(1)), FloatMask(mask), false};
  at::Tensor x = Embed(ids);
  for (int64_t i = 0; i < config_.num_layers; ++i) {
    const std::string block = Block("encoder", i);
    x = SelfAttentionLayer(block + "0", x, context);
    x = FeedForwardLayer(block + "1", x);
  }
  return Drop(Norm("encoder.final_layer_norm", x), config_.dropout_rate);
}

at::Tensor T5Model::Decode(const at::Tensor& decoder_ids, const at::Tensor& decoder_mask,
                           const at::Tensor& encoder_states, const at::Tensor& encoder_mask) const {
  const AttentionContext self{PositionBias("decoder", decoder_ids.size(1)), FloatMask(decoder_mask),
                              true};
  const AttentionContext cross{{}, FloatMask(encoder_mask), false};
  at::Tensor x = Embed(decoder_ids);
  for (int64_t i = 0; i < config_.num_decoder_layers; ++i) {
    const std::string block = Block("decoder", i);
    x = SelfAttentionLayer(block + "0", x, self);
    x = CrossAttentionLayer(block + "1", x, encoder_states, cross);
    x = FeedForwardLayer(block + "2", x);
  }
  return Drop(Norm("decoder.final_layer_norm", x), config_.dropout_rate);
}

at::Tensor T5Model::Logits(const at::Tensor& hidden) const {
  if (!config_.tie_word_embeddings) return Linear("lm_head", hidden);
  const double scale = 1.0 / std::sqrt(static_cast<double>(config_.d_model));
  return LinearOp(hidden.mul(scale), parameters().At("shared.weight"));
}

T5Output T5Model::Forward(const at::Tensor& ids, const at::Tensor& mask,
                          const at::Tensor& decoder_ids, const at::Tensor& decoder_mask) const {
  T5Output out;
  out.encoder_states = Encode(ids, mask);
  out.hidden = Decode(decoder_ids, decoder_mask, out.encoder_states, mask);
  out.logits = Logits(out.hidden);
  return out;
}

at::Tensor T5Model::ShiftRight(const at::Tensor& labels) const {
  at::Tensor ids = at::empty_like(labels);
  ids.select(1, 0).fill_(config_.decoder_start_token_id);
  const int64_t rest = labels.size(1) - 1;
  ids.narrow(1, 1, rest).copy_(labels.narrow(1, 0, rest));
  return ids.masked_fill_(ids.eq(-100), config_.pad_token_id);
}

}  // namespace tact
