#include "services/reward/classifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/kernels/attend.h"
#include "common/kernels/ops.h"
#include "common/kernels/ragged.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

// x [rows, hidden] <- LayerNorm(x + residual).
void AddNorm(float* x, const float* residual, const LayerNormWeights& norm, int64_t rows,
             double eps) {
  const int64_t hidden = static_cast<int64_t>(norm.weight.size());
  ParallelRows(rows, [&](int64_t first, int64_t count) {
    AddLayerNorm(x + first * hidden, residual + first * hidden, norm.weight.data(),
                 norm.bias.data(), x + first * hidden, count, hidden, static_cast<float>(eps));
  });
}

}  // namespace

struct Classifier::Batch {
  Batch(std::span<const TokenSpan> texts, std::span<const TokenSpan> types)
      : texts(texts), types(types) {
    for (const TokenSpan text : texts) offsets.push_back(offsets.back() + std::ssize(text));
  }
  int64_t size() const { return std::ssize(texts); }
  int64_t tokens() const { return offsets.back(); }

  std::span<const TokenSpan> texts, types;
  std::vector<int64_t> offsets = {0};  // of each text's first token, and the end
};

absl::StatusOr<std::unique_ptr<const Classifier>> Classifier::Load(
    const std::filesystem::path& folder, WeightType type) {
  ASSIGN_OR_RETURN(RobertaConfig config, RobertaConfig::Load(folder));
  ASSIGN_OR_RETURN(ClassifierWeights weights, LoadClassifierWeights(folder, config, type));
  return std::make_unique<const Classifier>(std::move(config), std::move(weights));
}

std::vector<float> Classifier::Forward(std::span<const TokenSpan> texts, Workspace& w,
                                       std::span<const TokenSpan> types) const {
  std::vector<float> logits(texts.size() * static_cast<size_t>(config_.num_labels()));
  float* next = logits.data();
  while (!texts.empty()) {
    const size_t count = CountTogether(texts, [](TokenSpan text) { return std::ssize(text); });
    const size_t typed = std::min(count, types.size());
    RunTogether(Batch(texts.first(count), types.first(typed)), w, next);
    next += static_cast<int64_t>(count) * config_.num_labels();
    texts = texts.subspan(count);
    types = types.subspan(typed);
  }
  return logits;
}

void Classifier::RunTogether(const Batch& batch, Workspace& w, float* logits) const {
  Embed(batch, w);
  for (size_t i = 0; i < weights_.layers.size(); ++i) {
    Layer(weights_.layers[i], batch, i + 1 == weights_.layers.size(), w);
  }
  Head(batch.size(), w, logits);
}

void Classifier::Embed(const Batch& batch, Workspace& w) const {
  const int64_t hidden = config_.hidden_size;
  w.states.resize(batch.tokens() * hidden);
  ParallelFor(batch.size(), [&](int64_t text) {
    const TokenSpan types = batch.types.empty() ? TokenSpan() : batch.types[text];
    EmbedText(batch.texts[text], types, w.states.data() + batch.offsets[text] * hidden);
  });
}

void Classifier::EmbedText(TokenSpan ids, TokenSpan types, float* out) const {
  const int64_t hidden = config_.hidden_size;
  int64_t next = config_.first_position();
  float* row = out;
  for (size_t i = 0; i < ids.size(); ++i, row += hidden) {
    // RoBERTa's padding takes part in the count neither here nor where texts are padded.
    const bool pad = !config_.is_bert() && ids[i] == config_.pad_token_id;
    const int64_t position = pad ? config_.pad_token_id : next++;
    weights_.words.CopyRow(ids[i], row);
    AddInPlace(row, weights_.types.data() + (types.empty() ? 0 : types[i]) * hidden, hidden);
    AddInPlace(row, weights_.positions.data() + position * hidden, hidden);
  }
  LayerNorm(out, weights_.embedding_norm.weight.data(), weights_.embedding_norm.bias.data(), out,
            std::ssize(ids), hidden, static_cast<float>(config_.layer_norm_eps));
}

// qkv [tokens, 3 * hidden] -> context [rows, hidden].
void Classifier::Attend(const Batch& batch, bool first_token_only, Workspace& w) const {
  const int64_t hidden = config_.hidden_size, heads = config_.num_attention_heads;
  const int64_t d = config_.head_dim(), stride = 3 * hidden;
  const float scale = 1.0f / std::sqrt(static_cast<float>(d));
  w.context.resize((first_token_only ? batch.size() : batch.tokens()) * hidden);
  ParallelFor(batch.size() * heads, [&](int64_t task) {
    thread_local std::vector<float> scores;
    const int64_t text = task / heads, head = task % heads, begin = batch.offsets[text];
    const int64_t n = batch.offsets[text + 1] - begin, queries = first_token_only ? 1 : n;
    const float* q = w.qkv.data() + begin * stride + head * d;
    float* out = w.context.data() + (first_token_only ? text : begin) * hidden + head * d;
    scores.resize(queries * n);
    AttendMany(q, stride, queries, {q + hidden, q + 2 * hidden, stride, n}, d, scale, nullptr, 0,
               scores.data(), out, hidden);
  });
}

// states [tokens, hidden] -> states; of the last layer only [texts, hidden].
void Classifier::Layer(const ClassifierLayer& layer, const Batch& batch, bool last,
                       Workspace& w) const {
  const int64_t hidden = config_.hidden_size;
  w.qkv.resize(batch.tokens() * 3 * hidden);
  layer.qkv.Forward(w.states.data(), w.qkv.data(), batch.tokens());
  Attend(batch, last, w);
  const int64_t rows = last ? batch.size() : batch.tokens();
  if (last) {  // texts only get shorter: each first token moves forward or stays
    for (int64_t i = 0; i < rows; ++i) {
      std::copy_n(w.states.data() + batch.offsets[i] * hidden, hidden,
                  w.states.data() + i * hidden);
    }
  }
  w.residual.resize(rows * hidden);
  layer.attention_output.Forward(w.context.data(), w.residual.data(), rows);
  AddNorm(w.residual.data(), w.states.data(), layer.attention_norm, rows, config_.layer_norm_eps);
  FeedForward(layer, rows, w);
}

// residual [rows, hidden] -> states [rows, hidden].
void Classifier::FeedForward(const ClassifierLayer& layer, int64_t rows, Workspace& w) const {
  const int64_t wide = config_.intermediate_size;
  w.wide.resize(rows * wide);
  layer.intermediate.Forward(w.residual.data(), w.wide.data(), rows);
  ParallelRows(rows, [&](int64_t first, int64_t count) {
    Activate(w.wide.data() + first * wide, count * wide);
  });
  layer.output.Forward(w.wide.data(), w.states.data(), rows);
  AddNorm(w.states.data(), w.residual.data(), layer.output_norm, rows, config_.layer_norm_eps);
}

void Classifier::Activate(float* x, int64_t n) const {
  switch (config_.activation) {
    case Activation::kRelu:
      return Relu(x, x, n);
    case Activation::kGelu:
      return Gelu(x, x, n);
    case Activation::kGeluNew:
      return GeluNew(x, x, n);
  }
}

void Classifier::Head(int64_t texts, Workspace& w, float* logits) const {
  w.projected.resize(texts * config_.hidden_size);
  weights_.dense.Forward(w.states.data(), w.projected.data(), texts);
  Tanh(w.projected.data(), w.projected.data(), texts * config_.hidden_size);
  weights_.out_proj.Forward(w.projected.data(), logits, texts);
}

}  // namespace tact
