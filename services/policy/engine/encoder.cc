#include "services/policy/engine/encoder.h"

#include <algorithm>

#include "common/kernels/attend.h"
#include "common/kernels/ops.h"
#include "common/kernels/ragged.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

constexpr int64_t kBlock = 64;  // queries whose scores fit in the first caches

float* ThreadScores(int64_t size) {
  thread_local std::vector<float> scores;
  if (static_cast<int64_t>(scores.size()) < size) scores.resize(static_cast<size_t>(size));
  return scores.data();
}

const PositionBias& EncoderBias(const Snapshot& snapshot, const Adapter* adapter) {
  const bool own = adapter != nullptr && adapter->encoder_bias.has_value();
  return own ? *adapter->encoder_bias : snapshot.encoder_bias;
}

}  // namespace

void Encoder::Begin(const Snapshot& snapshot, std::span<const EncodeItem> items) {
  ids_.clear();
  blocks_.clear();
  first_.clear();
  rows_ = 0;
  for (const EncodeItem& item : items) rows_ += static_cast<int64_t>(item.ids.size());
  buffers_.Resize(snapshot.config, rows_);
  for (const EncodeItem& item : items) {
    const auto first = std::ssize(ids_);
    const auto tokens = static_cast<int64_t>(item.ids.size());
    first_.push_back(first);
    ids_.insert(ids_.end(), item.ids.begin(), item.ids.end());
    AppendRows(item.adapter, tokens, buffers_.runs);
    for (int64_t head = 0; head < snapshot.config.num_heads; ++head) {
      for (int64_t query = 0; query < tokens; query += kBlock) {
        blocks_.push_back({first, tokens, head, query, std::min(kBlock, tokens - query),
                           &EncoderBias(snapshot, item.adapter)});
      }
    }
  }
}

void Encoder::Attend(const Snapshot& snapshot, const AttentionBlock& block) {
  const T5Config& c = snapshot.config;
  const int64_t inner = c.inner_dim(), stride = 3 * inner;
  const float* qkv = buffers_.projected.data() + block.first * stride + block.head * c.d_kv;
  const KeyValues kv = {qkv + inner, qkv + 2 * inner, stride, block.tokens};
  float* out = buffers_.context.data() + (block.first + block.query) * inner + block.head * c.d_kv;
  AttendMany(qkv + block.query * stride, stride, block.queries, kv, c.d_kv, 1.0f,
             block.bias->Row(block.head, block.query), /*bias_stride=*/-1,
             ThreadScores(block.queries * block.tokens), out, inner);
}

void Encoder::FillCross(const Snapshot& snapshot, std::span<const EncodeItem> items,
                        const LoraContext& context) {
  const T5Config& c = snapshot.config;
  const int64_t width = 2 * c.inner_dim();
  Norm(c, snapshot.encoder_norm, rows_, buffers_);
  const LoraContext decoder = {context.runs, Stack::kDecoder, context.scratch};
  const SiteColumns sites[] = {{Site::kCrossK, 0}, {Site::kCrossV, c.inner_dim()}};
  for (int64_t layer = 0; layer < c.num_decoder_layers; ++layer) {
    float* kv = buffers_.projected.data();
    snapshot.decoder[layer].cross.kv.Forward(buffers_.normed.data(), kv, rows_);
    AddLora(decoder, layer, sites, buffers_.normed.data(), kv, width);
    ParallelFor(std::ssize(items), [&](int64_t i) {
      items[static_cast<size_t>(i)].cross->Fill(layer, kv + first_[static_cast<size_t>(i)] * width);
    });
  }
}

void Encoder::Run(const Snapshot& snapshot, std::span<const EncodeItem> items) {
  while (!items.empty()) {
    const size_t count =
        CountTogether(items, [](const EncodeItem& item) { return std::ssize(item.ids); });
    RunTogether(snapshot, items.first(count));
    items = items.subspan(count);
  }
}

void Encoder::RunTogether(const Snapshot& snapshot, std::span<const EncodeItem> items) {
  Begin(snapshot, items);
  const T5Config& c = snapshot.config;
  Embed(snapshot, ids_, buffers_.hidden.data());
  const LoraContext context = {buffers_.runs, Stack::kEncoder, &buffers_.lora};
  for (int64_t layer = 0; layer < c.num_layers; ++layer) {
    const EncoderLayerWeights& weights = snapshot.encoder[layer];
    ProjectQkv(c, weights.self, context, layer, rows_, buffers_);
    ParallelFor(static_cast<int64_t>(blocks_.size()),
                [&](int64_t i) { Attend(snapshot, blocks_[i]); });
    ProjectOut(c, weights.self.o, Site::kSelfO, context, layer, rows_, buffers_);
    FeedForward(c, weights.feed_forward, context, layer, rows_, buffers_);
  }
  FillCross(snapshot, items, context);
}

}  // namespace tact
