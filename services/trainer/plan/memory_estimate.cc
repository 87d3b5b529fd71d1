#include "services/trainer/plan/memory_estimate.h"

#include <algorithm>

namespace tact {
namespace {

constexpr double kFloat = 4;
constexpr uint64_t kLibraryBytes = 32 << 20;

v1::MemoryEstimate Sum(double total_parameters, double trainable, double reference,
                       double activation_floats, uint64_t process) {
  v1::MemoryEstimate out;
  out.set_weights(static_cast<uint64_t>(kFloat * (total_parameters + reference)));
  out.set_gradients(static_cast<uint64_t>(kFloat * trainable));
  out.set_optimizer(static_cast<uint64_t>(2 * kFloat * trainable));
  out.set_activations(static_cast<uint64_t>(kFloat * activation_floats));
  const uint64_t training = out.weights() + out.gradients() + out.optimizer() + out.activations();
  out.set_total(process + kLibraryBytes + std::max(training, 2 * out.weights()));
  return out;
}

// Floats kept by the layers of a T5 model; see the header.
class T5Floats {
 public:
  T5Floats(const T5Config& config, const TrainingShape& shape)
      : d_(static_cast<double>(config.d_model)),
        inner_(static_cast<double>(config.inner_dim())),
        f_(static_cast<double>(config.d_ff)),
        heads_(static_cast<double>(config.num_heads)),
        gated_(config.gated),
        relu_(config.activation == Activation::kRelu),
        all_(shape.all_weights ? 1 : 0),
        dropout_(shape.dropout && config.dropout_rate > 0 ? 1 : 0) {}

  // `keys_floats`: k and v, if they are of these tokens.
  double Attention(double keys_floats) const {
    return d_ + inner_ + keys_floats + all_ * (d_ + inner_) + dropout_ * d_;
  }
  double SelfAttention() const { return Attention(2 * inner_); }
  double Keys() const { return 2 * inner_; }
  double FeedForward() const {
    const double kept = gated_ ? 3 : relu_ ? 1 : 2;
    const double input_of_output = gated_ ? 1 : 0;  // without a gate it is among those kept
    return d_ + kept * f_ + all_ * (d_ + input_of_output * f_) + dropout_ * (d_ + f_);
  }
  double Probabilities(double rows, double queries, double keys) const {
    return (1 + dropout_) * rows * heads_ * queries * keys;
  }

 private:
  double d_, inner_, f_, heads_;
  bool gated_, relu_;
  double all_, dropout_;
};

double ActivationFloats(const T5Config& config, const ParameterPlan& parameters,
                        const TrainingShape& shape) {
  const T5Floats floats(config, shape);
  const auto rows = static_cast<double>(shape.batch.rows);
  const auto s = static_cast<double>(shape.batch.prompt_tokens);
  const auto t = static_cast<double>(shape.batch.response_tokens);
  const auto encoders = static_cast<double>(config.num_layers);
  const auto decoders = static_cast<double>(config.num_decoder_layers);
  const double encoder =
      rows * s * (floats.SelfAttention() + floats.FeedForward()) + floats.Probabilities(rows, s, s);
  const double decoder =
      rows * t * (floats.SelfAttention() + floats.Attention(0) + floats.FeedForward()) +
      rows * s * floats.Keys() + floats.Probabilities(rows, t, t) +
      floats.Probabilities(rows, t, s);
  const double adapter =
      rows * s * parameters.adapter_prompt_floats + rows * t * parameters.adapter_response_floats;
  const double ends = 2 * static_cast<double>(config.d_model) * rows * (s + t);
  const double head = static_cast<double>(shape.head_copies * config.vocab_size) * rows * t;
  return encoders * encoder + decoders * decoder + adapter + ends + head;
}

}  // namespace

v1::MemoryEstimate EstimateMemory(const T5Config& config, const ParameterPlan& parameters,
                                  const TrainingShape& shape) {
  return Sum(static_cast<double>(parameters.count.total),
             static_cast<double>(parameters.count.trainable),
             static_cast<double>(shape.reference_parameters),
             ActivationFloats(config, parameters, shape), shape.process_bytes);
}

v1::MemoryEstimate EstimateMemory(const RobertaConfig& config, const TrainingShape& shape) {
  const auto d = static_cast<double>(config.hidden_size);
  const auto f = static_cast<double>(config.intermediate_size);
  const auto s = static_cast<double>(shape.batch.prompt_tokens);
  const double hidden = shape.dropout && config.hidden_dropout_prob > 0 ? 1 : 0;
  const double probabilities = shape.dropout && config.attention_probs_dropout_prob > 0 ? 2 : 1;
  const double row = s * (8 * d + 2 * f + hidden * 2 * d) +
                     probabilities * static_cast<double>(config.num_attention_heads) * s * s;
  const auto parameters = static_cast<double>(config.num_parameters());
  return Sum(parameters, parameters, 0,
             static_cast<double>(shape.batch.rows * config.num_hidden_layers) * row,
             shape.process_bytes);
}

}  // namespace tact
