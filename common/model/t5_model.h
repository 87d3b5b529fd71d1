// Trainable T5 with a language-model head (transformers 4.27.2, T5ForConditionalGeneration; Raffel
// et al. 2020): relu or gated gelu, tied or untied head, any size by config alone. Shapes: b batch,
// s prompt tokens, t response tokens, d = d_model, v = vocab_size.
#ifndef TACT_COMMON_MODEL_T5_MODEL_H_
#define TACT_COMMON_MODEL_T5_MODEL_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "common/model/trainable_model.h"

namespace tact {

struct T5Init {
  // Standard deviation of an untied lm_head. transformers takes initializer_factor (1.0), which
  // makes first logits of size sqrt(d); the default here is factor * d^-0.5.
  bool scaled_lm_head = true;
  // Attention that starts as mimetic_init.h says, for models trained from nothing.
  bool mimetic = true;
};

struct T5Output {
  at::Tensor encoder_states;  // [b, s, d]
  at::Tensor hidden;          // [b, t, d] last decoder states after the final norm
  at::Tensor logits;          // [b, t, v]
};

class T5Model : public TrainableModel {
 public:
  // Random weights as transformers initialises them; the same seed gives the same weights.
  static absl::StatusOr<std::unique_ptr<T5Model>> Create(const T5Config& config, uint64_t seed,
                                                         const T5Init& init = {});
  static absl::StatusOr<std::unique_ptr<T5Model>> Load(const std::filesystem::path& folder);

  const T5Config& config() const { return config_; }

  // ids [b, s] int64, mask [b, s] (any dtype; 1 = token, 0 = padding; undefined = all ones)
  // -> encoder states [b, s, d].
  at::Tensor Encode(const at::Tensor& ids, const at::Tensor& mask) const;

  // decoder_ids [b, t] int64 that begin with the start token; decoder_mask [b, t] or undefined;
  // encoder_mask [b, s] or undefined -> hidden [b, t, d] after the final norm.
  at::Tensor Decode(const at::Tensor& decoder_ids, const at::Tensor& decoder_mask,
                    const at::Tensor& encoder_states, const at::Tensor& encoder_mask) const;

  // hidden [..., d] -> logits [..., v]. Select rows of `hidden` first where few are needed.
  at::Tensor Logits(const at::Tensor& hidden) const;

  // All three: teacher forcing.
  T5Output Forward(const at::Tensor& ids, const at::Tensor& mask, const at::Tensor& decoder_ids,
                   const at::Tensor& decoder_mask = {}) const;

  // labels [b, t] -> decoder input ids: start token first, -100 read as padding.
  at::Tensor ShiftRight(const at::Tensor& labels) const;

 protected:
  std::map<std::string, std::string> ConfigFiles() const override;
  std::vector<std::string> Aliases(std::string_view name) const override;
  bool IsIgnoredName(std::string_view name) const override;

 private:
  explicit T5Model(const T5Config& config);
  void AddStack(const std::string& stack, int64_t layers, bool decoder);
  void AddAttention(const std::string& layer, const std::string& kind, bool relative_bias);
  void AddFeedForward(const std::string& layer);
  void Initialize(uint64_t seed, const T5Init& init);

  struct AttentionContext;
  at::Tensor Attention(const std::string& module, const at::Tensor& x, const at::Tensor& states,
                       const AttentionContext& context) const;
  at::Tensor SelfAttentionLayer(const std::string& layer, const at::Tensor& x,
                                const AttentionContext& context) const;
  at::Tensor CrossAttentionLayer(const std::string& layer, const at::Tensor& x,
                                 const at::Tensor& states, const AttentionContext& context) const;
  at::Tensor FeedForwardLayer(const std::string& layer, const at::Tensor& x) const;
  at::Tensor Norm(const std::string& module, const at::Tensor& x) const;
  at::Tensor PositionBias(const std::string& stack, int64_t size) const;
  at::Tensor Activate(const at::Tensor& x) const;
  at::Tensor Embed(const at::Tensor& ids) const;

  T5Config config_;
};

// Bucket of a relative position (key minus query), Raffel et al. 2020 and T5Attention:
// exact up to half the buckets, then logarithmic up to max_distance.
int64_t RelativePositionBucket(int64_t relative_position, bool bidirectional, int64_t num_buckets,
                               int64_t max_distance);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_T5_MODEL_H_
