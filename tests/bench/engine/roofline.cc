#include "tests/bench/engine/roofline.h"

namespace tact::bench {
namespace {

int64_t LayerBytes(const DecoderLayerWeights& layer) {
  const size_t products = layer.self.qkv.bytes() + layer.self.o.bytes() + layer.cross.q.bytes() +
                          layer.cross.o.bytes() + layer.feed_forward.in.bytes() +
                          layer.feed_forward.out.bytes();
  const size_t norms =
      layer.self.norm.size() + layer.cross.norm.size() + layer.feed_forward.norm.size();
  return static_cast<int64_t>(products + norms * sizeof(float));
}

}  // namespace

int64_t StepWeightBytes(const Snapshot& snapshot) {
  int64_t bytes = static_cast<int64_t>(snapshot.head.bytes());
  bytes += static_cast<int64_t>(snapshot.decoder_norm.size() * sizeof(float));
  for (const DecoderLayerWeights& layer : snapshot.decoder) bytes += LayerBytes(layer);
  return bytes;
}

int64_t StepCacheBytes(const T5Config& config, bool half_cross, int64_t prompts,
                       int64_t prompt_tokens, int64_t sequences, int64_t position) {
  const int64_t row = 2 * config.inner_dim() * config.num_decoder_layers;
  return row * (prompts * prompt_tokens * (half_cross ? 2 : 4) + sequences * position * 4);
}

}  // namespace tact::bench
