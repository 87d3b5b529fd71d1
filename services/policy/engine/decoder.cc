#include "services/policy/engine/decoder.h"

#include <algorithm>

#include "common/kernels/ops.h"
#include "common/kernels/threads.h"
#include "services/policy/engine/step_profile.h"

namespace tact {
namespace {

constexpr int64_t kLogitsBlock = 64;  // rows; bounds the memory that logits take

// Keys of all heads of a row that one thread takes at a time, so that small work is not cut up.
constexpr int64_t kKeysPerTask = 1024;

float* ThreadScores(int64_t size) {
  thread_local std::vector<float> scores;
  if (static_cast<int64_t>(scores.size()) < size) scores.resize(static_cast<size_t>(size));
  return scores.data();
}

// Heads of one row in one task, so that a task has about kKeysPerTask scores to compute.
int64_t HeadsPerTask(int64_t heads, int64_t keys) {
  return std::clamp<int64_t>(kKeysPerTask / std::max<int64_t>(keys, 1), 1, heads);
}

// body(row, first head, end head) over all rows and heads, in parallel.
void ForRowsAndHeads(int64_t rows, int64_t heads, int64_t keys,
                     absl::FunctionRef<void(int64_t, int64_t, int64_t)> body) {
  const int64_t step = HeadsPerTask(heads, keys), tasks = (heads + step - 1) / step;
  ParallelFor(rows * tasks, [&](int64_t task) {
    const int64_t first = task % tasks * step;
    body(task / tasks, first, std::min(heads, first + step));
  });
}

const PositionBias& DecoderBias(const Snapshot& snapshot, const Adapter* adapter) {
  const bool own = adapter != nullptr && adapter->decoder_bias.has_value();
  return own ? *adapter->decoder_bias : snapshot.decoder_bias;
}

}  // namespace

void Decoder::StoreKeyValues(const Snapshot& snapshot, std::span<const DecodeRow> rows,
                             int64_t layer, KvSlots& slots) {
  const int64_t inner = snapshot.config.inner_dim();
  const float* qkv = buffers_.projected.data();
  for (const DecodeRow& row : rows) {
    const int64_t offset = row.position * inner;
    std::copy_n(qkv + inner, inner, slots.Keys(row.slot, layer) + offset);
    std::copy_n(qkv + 2 * inner, inner, slots.Values(row.slot, layer) + offset);
    qkv += 3 * inner;
  }
}

void Decoder::SelfAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows,
                            int64_t layer, KvSlots& slots) {
  const StepScope scope(StepPart::kSelfAttention);
  const T5Config& c = snapshot.config;
  const int64_t inner = c.inner_dim(), d = c.d_kv, count = static_cast<int64_t>(rows.size());
  StoreKeyValues(snapshot, rows, layer, slots);
  int64_t longest = 0;
  for (const DecodeRow& row : rows) longest = std::max(longest, row.position + 1);
  ForRowsAndHeads(count, c.num_heads, longest, [&](int64_t r, int64_t first, int64_t end) {
    const DecodeRow& row = rows[r];
    const float* q = buffers_.projected.data() + r * 3 * inner;
    const float *k = slots.Keys(row.slot, layer), *v = slots.Values(row.slot, layer);
    float* scores = ThreadScores(row.position + 1);
    const PositionBias& bias = DecoderBias(snapshot, row.adapter);
    for (int64_t h = first; h < end; ++h) {
      AttendOne(q + h * d, {k + h * d, v + h * d, inner, row.position + 1}, d, 1.0f,
                bias.Row(h, row.position), scores, buffers_.context.data() + r * inner + h * d);
    }
  });
}

void Decoder::CrossAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows,
                             int64_t layer, const LoraContext& context) {
  const StepScope scope(StepPart::kCrossQuery);
  const T5Config& c = snapshot.config;
  const CrossAttentionWeights& weights = snapshot.decoder[layer].cross;
  const int64_t inner = c.inner_dim(), d = c.d_kv, count = static_cast<int64_t>(rows.size());
  {
    const StepScope norm(StepPart::kNorm);
    RmsNorm(buffers_.hidden.data(), weights.norm.data(), buffers_.normed.data(), count, c.d_model,
            static_cast<float>(c.layer_norm_epsilon));
  }
  float* q = buffers_.projected.data();  // [rows, inner]
  weights.q.Forward(buffers_.normed.data(), q, count);
  const SiteColumns sites[] = {{Site::kCrossQ, 0}};
  AddLora(context, layer, sites, buffers_.normed.data(), q, inner);
  const StepScope attention(StepPart::kCrossAttention);
  int64_t longest = 0;
  for (const DecodeRow& row : rows) longest = std::max(longest, row.cross->tokens());
  ForRowsAndHeads(count, c.num_heads, longest, [&](int64_t r, int64_t first, int64_t end) {
    const CrossCache& cross = *rows[r].cross;
    const float* kv = cross.Layer(layer);
    float* scores = ThreadScores(cross.tokens());
    for (int64_t h = first; h < end; ++h) {
      AttendOne(q + r * inner + h * d, {kv + h * d, kv + inner + h * d, 2 * inner, cross.tokens()},
                d, 1.0f, nullptr, scores, buffers_.context.data() + r * inner + h * d);
    }
  });
}

void Decoder::Head(const Snapshot& snapshot, int64_t rows, const LoraContext& context,
                   LogitsSink sink) {
  const StepScope scope(StepPart::kHead);
  const T5Config& c = snapshot.config;
  float* normed = buffers_.normed.data();
  RmsNorm(buffers_.hidden.data(), snapshot.decoder_norm.data(), normed, rows, c.d_model,
          static_cast<float>(c.layer_norm_epsilon));
  if (snapshot.head_scale != 1.0f) {
    for (int64_t i = 0; i < rows * c.d_model; ++i) normed[i] *= snapshot.head_scale;
  }
  const auto size = static_cast<size_t>(std::min(rows, kLogitsBlock) * c.vocab_size);
  if (logits_.size() < size) logits_.resize(size);
  for (int64_t first = 0; first < rows; first += kLogitsBlock) {
    const int64_t count = std::min(kLogitsBlock, rows - first);
    snapshot.head.Forward(normed + first * c.d_model, logits_.data(), count);
    AddHeadLora(context, first, first + count, normed, logits_.data());
    sink(first, count, logits_.data());
  }
}

void Decoder::Run(const Snapshot& snapshot, std::span<const DecodeRow> rows, KvSlots& slots,
                  LogitsSink sink) {
  const T5Config& c = snapshot.config;
  const auto count = static_cast<int64_t>(rows.size());
  buffers_.Resize(c, count);
  ids_.clear();
  for (const DecodeRow& row : rows) {
    ids_.push_back(row.token);
    AppendRows(row.adapter, 1, buffers_.runs);
  }
  Embed(snapshot, ids_, buffers_.hidden.data());
  const LoraContext context = {buffers_.runs, Stack::kDecoder, &buffers_.lora};
  for (int64_t layer = 0; layer < c.num_decoder_layers; ++layer) {
    const DecoderLayerWeights& weights = snapshot.decoder[layer];
    ProjectQkv(c, weights.self, context, layer, count, buffers_);
    SelfAttention(snapshot, rows, layer, slots);
    ProjectOut(c, weights.self.o, Site::kSelfO, context, layer, count, buffers_);
    CrossAttention(snapshot, rows, layer, context);
    ProjectOut(c, weights.cross.o, Site::kCrossO, context, layer, count, buffers_);
    FeedForward(c, weights.feed_forward, context, layer, count, buffers_);
  }
  Head(snapshot, count, context, sink);
}

}  // namespace tact
