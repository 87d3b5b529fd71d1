#include "services/policy/testing/tiny_model.h"

#include <fstream>
#include <numeric>
#include <span>

#include "common/base/random.h"
#include "common/base/strings.h"
#include "common/model/safetensors.h"

namespace tact::testing {
namespace {

class Builder {
 public:
  explicit Builder(uint64_t seed) : rng_(seed) {}

  void Add(const std::string& name, std::vector<int64_t> shape, double deviation,
           double mean = 0.0) {
    NamedValues tensor = {std::move(shape), {}};
    const int64_t count =
        std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t{1}, std::multiplies<>());
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(static_cast<float>(mean + deviation * rng_.Normal()));
    }
    weights_.emplace(name, std::move(tensor));
  }
  void AddNorm(const T5Config& c, const std::string& prefix) {
    Add(prefix + "layer_norm.weight", {c.d_model}, 0.1, 1.0);
  }
  void AddAttention(const T5Config& c, const std::string& prefix, const std::string& name) {
    AddNorm(c, prefix);
    for (const char* linear : {"q", "k", "v"}) {
      Add(StrCat(prefix, name, ".", linear, ".weight"), {c.inner_dim(), c.d_model}, 0.35);
    }
    Add(StrCat(prefix, name, ".o.weight"), {c.d_model, c.inner_dim()}, 0.35);
  }
  void AddFeedForward(const T5Config& c, const std::string& prefix) {
    AddNorm(c, prefix);
    const std::string at = prefix + "DenseReluDense.";
    for (const char* linear : {"wi_0", "wi_1"}) {
      const std::string name = c.gated ? linear : "wi";
      if (!weights_.contains(at + name + ".weight")) {
        Add(at + name + ".weight", {c.d_ff, c.d_model}, 0.35);
      }
    }
    Add(at + "wo.weight", {c.d_model, c.d_ff}, 0.35);
  }
  Weights Take() { return std::move(weights_); }

 private:
  CounterRng rng_;
  Weights weights_;
};

void AddStack(const T5Config& c, bool decoder, Builder& builder) {
  const std::string stack = decoder ? "decoder" : "encoder";
  const int64_t layers = decoder ? c.num_decoder_layers : c.num_layers;
  for (int64_t i = 0; i < layers; ++i) {
    const std::string block = StrCat(stack, ".block.", i, ".layer.");
    builder.AddAttention(c, block + "0.", "SelfAttention");
    if (decoder) builder.AddAttention(c, block + "1.", "EncDecAttention");
    builder.AddFeedForward(c, block + (decoder ? "2." : "1."));
  }
  builder.Add(stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight",
              {c.relative_attention_num_buckets, c.num_heads}, 1.0);
  builder.Add(stack + ".final_layer_norm.weight", {c.d_model}, 0.1, 1.0);
}

TensorViews Views(const Weights& weights) {
  TensorViews views;
  for (const auto& [name, tensor] : weights) {
    views.emplace(name, FloatView(tensor.values, tensor.shape));
  }
  return views;
}

}  // namespace

T5Config TinyConfig(int64_t vocab_size) {
  T5Config c;
  c.vocab_size = vocab_size;
  c.d_model = 24;
  c.d_kv = 8;
  c.d_ff = 40;
  c.num_layers = c.num_decoder_layers = 2;
  c.num_heads = 4;
  c.activation = Activation::kGeluNew;
  c.gated = true;
  c.tie_word_embeddings = false;
  return c;
}

Weights RandomWeights(const T5Config& c, uint64_t seed) {
  Builder builder(seed);
  builder.Add("shared.weight", {c.vocab_size, c.d_model}, 1.0);
  AddStack(c, false, builder);
  AddStack(c, true, builder);
  if (!c.tie_word_embeddings) builder.Add("lm_head.weight", {c.vocab_size, c.d_model}, 0.4);
  return builder.Take();
}

Weights RandomLora(const T5Config& c, const std::vector<std::string>& targets, int64_t rank,
                   uint64_t seed) {
  Builder builder(seed);
  for (const auto& [name, tensor] : RandomWeights(c, 1)) {
    for (const std::string& target : targets) {
      if (!name.ends_with("." + target + ".weight")) continue;
      const std::string module =
          "base_model.model." + name.substr(0, name.size() - std::string_view(".weight").size());
      builder.Add(module + ".lora_A.weight", {rank, tensor.shape[1]}, 0.2);
      builder.Add(module + ".lora_B.weight", {tensor.shape[0], rank}, 0.2);
    }
  }
  return builder.Take();
}

Weights Merge(Weights base, const Weights& lora, int64_t rank, float scale) {
  for (auto& [name, tensor] : base) {
    const std::string module = StrCat(
        "base_model.model.", name.substr(0, name.size() - std::string_view(".weight").size()));
    const auto a = lora.find(module + ".lora_A.weight"), b = lora.find(module + ".lora_B.weight");
    if (a == lora.end()) continue;
    const int64_t out = tensor.shape[0], in = tensor.shape[1];
    for (int64_t i = 0; i < out * in; ++i) {
      double sum = 0;
      for (int64_t r = 0; r < rank; ++r) {
        sum += b->second.values[i / in * rank + r] * a->second.values[r * in + i % in];
      }
      tensor.values[i] += static_cast<float>(scale * sum);
    }
  }
  return base;
}

std::string Serialize(const Weights& weights) {
  return SerializeSafeTensors(Views(weights)).value();
}

std::shared_ptr<const Snapshot> MakeSnapshot(const T5Config& config, const Weights& weights,
                                             const SequenceLimits& limits, WeightType type) {
  const std::string bytes = Serialize(weights);
  const SafeTensors tensors =
      SafeTensors::Parse(std::as_bytes(std::span(bytes.data(), bytes.size())), "weights").value();
  TensorSource source(tensors, "weights");
  source.set_weight_type(type);
  return BuildSnapshot(config, std::move(source), limits).value();
}

std::shared_ptr<const Adapter> MakeAdapter(const T5Config& config, const Weights& lora,
                                           const LoraScale& scale) {
  const std::string bytes = Serialize(lora);
  const SafeTensors tensors =
      SafeTensors::Parse(std::as_bytes(std::span(bytes.data(), bytes.size())), "lora").value();
  return BuildAdapter(config, TensorSource(tensors, "lora"), scale, {}).value();
}

void WriteModelFolder(const std::filesystem::path& folder, const T5Config& config,
                      const Weights& weights) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.json") << config.ToJson();
  std::ofstream(folder / "model.safetensors", std::ios::binary) << Serialize(weights);
}

}  // namespace tact::testing
