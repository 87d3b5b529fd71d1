// Immutable, packed inference weights of a T5 with a language-model head: v1.0, v1.1, FLAN and mT5
// by config alone. Requests hold a shared_ptr to the one they began with, so new weights are served
// by swapping a pointer.
#ifndef TACT_SERVICES_POLICY_ENGINE_SNAPSHOT_H_
#define TACT_SERVICES_POLICY_ENGINE_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/model/config.h"
#include "common/model/embedding_table.h"
#include "services/policy/engine/position_bias.h"
#include "services/policy/engine/tensor_source.h"

namespace tact {

// The longest sequences that position tables and caches are made for.
struct SequenceLimits {
  int64_t max_prompt_tokens = 1024;
  int64_t max_new_tokens = 256;
};

enum class Stack { kEncoder, kDecoder };

struct SelfAttentionWeights {
  std::vector<float> norm;  // [d_model]
  PackedLinear qkv;         // d_model -> 3 * inner: q | k | v
  PackedLinear o;           // inner -> d_model
};

struct CrossAttentionWeights {
  std::vector<float> norm;
  PackedLinear q;   // d_model -> inner
  PackedLinear kv;  // d_model -> 2 * inner: k | v
  PackedLinear o;
};

struct FeedForwardWeights {
  std::vector<float> norm;
  PackedLinear in;   // d_model -> d_ff, or 2 * d_ff where gated: wi_0 | wi_1
  PackedLinear out;  // d_ff -> d_model
};

struct EncoderLayerWeights {
  SelfAttentionWeights self;
  FeedForwardWeights feed_forward;
};

struct DecoderLayerWeights {
  SelfAttentionWeights self;
  CrossAttentionWeights cross;
  FeedForwardWeights feed_forward;
};

struct Snapshot {
  T5Config config;
  EmbeddingTable embedding;  // [vocab, d_model]
  PositionBias encoder_bias, decoder_bias;
  std::vector<EncoderLayerWeights> encoder;
  std::vector<DecoderLayerWeights> decoder;
  std::vector<float> encoder_norm, decoder_norm;  // [d_model]
  PackedLinear head;                              // d_model -> vocab
  WeightType weight_type;                         // of the linears
  float head_scale;                               // of its input: d_model^-0.5 where tied, else 1

  // Whether keys and values of prompts are held in bfloat16.
  bool half_cross() const { return weight_type != WeightType::kF32; }
};

// What the table is called where all names begin with `prefix`.
std::string PositionBiasName(std::string_view prefix, Stack stack);

// The table of a stack, whose name in `source` begins with `prefix`.
absl::StatusOr<PositionBias> ReadPositionBias(const T5Config& config, TensorSource& source,
                                              std::string_view prefix, Stack stack,
                                              const SequenceLimits& limits);

// Reads every tensor that `config` needs; a missing, misshapen, unknown or not finite one is an
// INVALID_ARGUMENT that names it. Linears are held as `source`'s weight type.
absl::StatusOr<std::shared_ptr<const Snapshot>> BuildSnapshot(const T5Config& config,
                                                              TensorSource source,
                                                              const SequenceLimits& limits);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_SNAPSHOT_H_
