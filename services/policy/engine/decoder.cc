#include "services/policy/engine/decoder.h"

#include <algorithm>

#include "common/kernels/attend.h"
#include "common/kernels/threads.h"
#include "services/policy/engine/step_profile.h"

namespace tact {
namespace {

constexpr int64_t kLogitsBlock = 64;  // rows; bounds the memory that logits take

// Keys of all queries and heads that one thread takes at a time, so that small work is not cut up.
constexpr int64_t kKeysPerTask = 1024;

// Rows of one prompt that are taken together; bounds what one thread has to do.
constexpr int64_t kRowsPerGroup = 16;

// body(group, first head, end head) over all groups and heads, in parallel; `keys` are the scores
// of one head of one group.
template <typename Body>
void ForGroupsAndHeads(int64_t groups, int64_t heads, int64_t keys, const Body& body) {
  const int64_t step = std::clamp<int64_t>(kKeysPerTask / std::max<int64_t>(keys, 1), 1, heads);
  const int64_t tasks = (heads + step - 1) / step;
  ParallelFor(groups * tasks, [&](int64_t task) {
    const int64_t first = task % tasks * step;
    body(task / tasks, first, std::min(heads, first + step));
  });
}

const PositionBias& DecoderBias(const Snapshot& snapshot, const Adapter* adapter) {
  const bool own = adapter != nullptr && adapter->decoder_bias.has_value();
  return own ? *adapter->decoder_bias : snapshot.decoder_bias;
}

}  // namespace

void Decoder::StoreKeyValues(const T5Config& c, std::span<const DecodeRow> rows, int64_t layer,
                             KvSlots& slots) {
  const int64_t inner = c.inner_dim(), d = c.d_kv;
  const float* qkv = buffers_.projected.data();
  for (const DecodeRow& row : rows) {
    for (int64_t h = 0; h < c.num_heads; ++h) {
      float* key = slots.Key(row.slot, layer, h, row.position);
      std::copy_n(qkv + inner + h * d, d, key);
      std::copy_n(qkv + 2 * inner + h * d, d, key + slots.value_offset());
    }
    qkv += 3 * inner;
  }
}

void Decoder::SelfAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows,
                            int64_t layer, KvSlots& slots) {
  const StepScope scope(StepPart::kSelfAttention);
  const T5Config& c = snapshot.config;
  const int64_t inner = c.inner_dim(), d = c.d_kv, count = static_cast<int64_t>(rows.size());
  StoreKeyValues(c, rows, layer, slots);
  int64_t longest = 0;
  for (const DecodeRow& row : rows) longest = std::max(longest, row.position + 1);
  ForGroupsAndHeads(count, c.num_heads, longest, [&](int64_t r, int64_t first, int64_t end) {
    const DecodeRow& row = rows[r];
    const int64_t n = row.position + 1;
    const PositionBias& bias = DecoderBias(snapshot, row.adapter);
    float* scores = ThreadScores();
    for (int64_t h = first; h < end; ++h) {
      const KeyValues kv =
          row.path == nullptr ? slots.In(row.slot, layer, h, n) : slots.At(row.path, layer, h, n);
      AttendOne(buffers_.projected.data() + r * 3 * inner + h * d, kv, d, 1.0f,
                bias.Row(h, row.position), scores, buffers_.context.data() + r * inner + h * d);
    }
  });
}

void Decoder::ReserveScores(std::span<const DecodeRow> rows) {
  for (const DecodeRow& row : rows) {
    most_keys_ = std::max({most_keys_, row.position + 1, row.cross->tokens()});
  }
  // Of each thread apart from the others' cache lines; with room for responses to grow.
  most_keys_ = (most_keys_ + 255) / 256 * 256;
  const auto size = static_cast<size_t>(ComputeThreads() * most_keys_);
  if (scores_.size() < size) scores_.resize(size);
}

float* Decoder::ThreadScores() { return scores_.data() + ComputeThread() * most_keys_; }

void Decoder::FindGroups(std::span<const DecodeRow> rows) {
  groups_.clear();
  for (int64_t r = 0; r < static_cast<int64_t>(rows.size()); ++r) {
    const bool joins = !groups_.empty() && rows[groups_.back().first].cross == rows[r].cross &&
                       r - groups_.back().first < kRowsPerGroup;
    if (!joins) groups_.push_back({r, r});
    groups_.back().end = r + 1;
  }
}

void Decoder::CrossAttention(const Snapshot& snapshot, std::span<const DecodeRow> rows,
                             int64_t layer, const LoraContext& context) {
  const StepScope scope(StepPart::kCrossQuery);
  const T5Config& c = snapshot.config;
  const CrossAttentionWeights& weights = snapshot.decoder[layer].cross;
  const int64_t inner = c.inner_dim(), d = c.d_kv, count = static_cast<int64_t>(rows.size());
  Norm(c, weights.norm, count, buffers_);
  float* q = buffers_.projected.data();  // [rows, inner]
  weights.q.Forward(buffers_.normed.data(), q, count);
  const SiteColumns sites[] = {{Site::kCrossQ, 0}};
  AddLora(context, layer, sites, buffers_.normed.data(), q, inner);
  const StepScope attention(StepPart::kCrossAttention);
  int64_t most = 0;
  for (const RowGroup& group : groups_) {
    most = std::max(most, rows[group.first].cross->tokens() * (group.end - group.first));
  }
  const auto groups = static_cast<int64_t>(groups_.size());
  ForGroupsAndHeads(groups, c.num_heads, most, [&](int64_t g, int64_t first, int64_t end) {
    const CrossCache& cross = *rows[groups_[g].first].cross;
    float* scores = ThreadScores();
    // All rows of a head before the next, while its keys and values are in the caches.
    for (int64_t h = first; h < end; ++h) {
      for (int64_t r = groups_[g].first; r < groups_[g].end; ++r) {
        const int64_t at = r * inner + h * d;
        cross.Attend(layer, h, q + at, scores, buffers_.context.data() + at);
      }
    }
  });
}

void Decoder::Head(const Snapshot& snapshot, int64_t rows, const LoraContext& context,
                   LogitsSink sink) {
  const StepScope scope(StepPart::kHead);
  const T5Config& c = snapshot.config;
  float* normed = buffers_.normed.data();
  Norm(c, snapshot.decoder_norm, rows, buffers_);
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
  FindGroups(rows);
  ReserveScores(rows);
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
