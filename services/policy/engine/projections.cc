#include "services/policy/engine/projections.h"

#include <algorithm>
#include <optional>

#include "common/kernels/ops.h"
#include "common/kernels/threads.h"
#include "services/policy/engine/step_profile.h"

namespace tact {
namespace {

// Keeps what the vector holds and never shrinks it.
void Grow(std::vector<float>& buffer, int64_t size) {
  if (static_cast<int64_t>(buffer.size()) < size) buffer.resize(static_cast<size_t>(size));
}

void AddPair(const LoraPair& pair, const Adapter& adapter, const AdapterRun& run, const float* x,
             float* y, int64_t y_width, std::vector<float>& scratch) {
  const int64_t m = run.end - run.begin, rank = adapter.rank;
  Grow(scratch, m * rank);
  MatMul(x + run.begin * pair.in, pair.a.data(), scratch.data(), m, rank, pair.in, false, true);
  Gemm({scratch.data(), rank}, {pair.b.data(), rank}, y + run.begin * y_width, y_width, m, pair.out,
       rank, false, true, adapter.scale, 1.0f);
}

void Activate(Activation activation, const float* x, float* y, int64_t n) {
  switch (activation) {
    case Activation::kRelu:
      return Relu(x, y, n);
    case Activation::kGelu:
      return Gelu(x, y, n);
    case Activation::kGeluNew:
      return GeluNew(x, y, n);
  }
}

// wide [m, 2 * d_ff] = gate | linear becomes act(gate) * linear, packed to [m, d_ff].
void ApplyGate(const T5Config& c, int64_t m, float* wide, float* out) {
  if (c.activation == Activation::kGeluNew) return GeluNewGateRows(wide, out, m, c.d_ff);
  for (int64_t i = 0; i < m; ++i) {
    float* row = wide + i * 2 * c.d_ff;
    Activate(c.activation, row, row, c.d_ff);
    Multiply(row, row + c.d_ff, out + i * c.d_ff, c.d_ff);
  }
}

// wide [m, width of the layer's input] -> out [m, d_ff], which is `wide` itself without a gate.
void ActivateRows(const T5Config& c, int64_t m, float* wide, float* out) {
  ParallelRows(m, [&](int64_t first, int64_t count) {
    float* to = out + first * c.d_ff;
    if (c.gated) {
      ApplyGate(c, count, wide + first * 2 * c.d_ff, to);
    } else {
      Activate(c.activation, to, to, count * c.d_ff);
    }
  });
}

}  // namespace

void AppendRows(const Adapter* adapter, int64_t rows, std::vector<AdapterRun>& runs) {
  const int64_t begin = runs.empty() ? 0 : runs.back().end;
  if (runs.empty() || runs.back().adapter != adapter) runs.push_back({adapter, begin, begin});
  runs.back().end += rows;
}

void AddLora(const LoraContext& context, int64_t block, std::span<const SiteColumns> sites,
             const float* x, float* y, int64_t y_width) {
  for (const AdapterRun& run : context.runs) {
    if (run.adapter == nullptr) continue;
    const auto& blocks =
        context.stack == Stack::kEncoder ? run.adapter->encoder : run.adapter->decoder;
    for (const SiteColumns& at : sites) {
      const std::optional<LoraPair>& pair = blocks[block][static_cast<size_t>(at.site)];
      if (!pair.has_value()) continue;
      AddPair(*pair, *run.adapter, run, x, y + at.column, y_width, *context.scratch);
    }
  }
}

void AddHeadLora(const LoraContext& context, int64_t first, int64_t end, const float* x,
                 float* logits) {
  for (const AdapterRun& run : context.runs) {
    if (run.adapter == nullptr || !run.adapter->head.has_value()) continue;
    const LoraPair& head = *run.adapter->head;
    const AdapterRun part = {run.adapter, std::max(run.begin, first) - first,
                             std::min(run.end, end) - first};
    if (part.begin >= part.end) continue;
    AddPair(head, *run.adapter, part, x + first * head.in, logits, head.out, *context.scratch);
  }
}

void StackBuffers::Resize(const T5Config& c, int64_t m) {
  Grow(hidden, m * c.d_model);
  Grow(normed, m * c.d_model);
  Grow(projected, m * 3 * c.inner_dim());
  Grow(context, m * c.inner_dim());
  Grow(wide, m * (c.gated ? 3 : 1) * c.d_ff);
  runs.clear();
}

void Norm(const T5Config& c, const std::vector<float>& weight, int64_t m, StackBuffers& b) {
  const StepScope scope(StepPart::kNorm);
  ParallelRows(m, [&](int64_t first, int64_t count) {
    const int64_t at = first * c.d_model;
    RmsNorm(b.hidden.data() + at, weight.data(), b.normed.data() + at, count, c.d_model,
            static_cast<float>(c.layer_norm_epsilon));
  });
}

void Embed(const Snapshot& snapshot, std::span<const int32_t> ids, float* hidden) {
  const StepScope scope(StepPart::kEmbedding);
  const int64_t d = snapshot.config.d_model;
  ParallelRows(std::ssize(ids), [&](int64_t first, int64_t count) {
    for (int64_t i = first; i < first + count; ++i) {
      snapshot.embedding.CopyRow(ids[static_cast<size_t>(i)], hidden + i * d);
    }
  });
}

void ProjectQkv(const T5Config& c, const SelfAttentionWeights& weights, const LoraContext& context,
                int64_t block, int64_t m, StackBuffers& b) {
  const StepScope scope(StepPart::kQkv);
  Norm(c, weights.norm, m, b);
  weights.qkv.Forward(b.normed.data(), b.projected.data(), m);
  const int64_t inner = c.inner_dim();
  const SiteColumns sites[] = {{Site::kSelfQ, 0}, {Site::kSelfK, inner}, {Site::kSelfV, 2 * inner}};
  AddLora(context, block, sites, b.normed.data(), b.projected.data(), 3 * inner);
}

void ProjectOut(const T5Config& c, const PackedLinear& o, Site site, const LoraContext& context,
                int64_t block, int64_t m, StackBuffers& b) {
  const StepScope scope(StepPart::kOut);
  o.Forward(b.context.data(), b.hidden.data(), m, /*accumulate=*/true);
  const SiteColumns sites[] = {{site, 0}};
  AddLora(context, block, sites, b.context.data(), b.hidden.data(), c.d_model);
}

void FeedForward(const T5Config& c, const FeedForwardWeights& weights, const LoraContext& context,
                 int64_t block, int64_t m, StackBuffers& b) {
  const StepScope scope(StepPart::kFeedForward);
  Norm(c, weights.norm, m, b);
  const int64_t width = (c.gated ? 2 : 1) * c.d_ff;
  float* wide = b.wide.data();
  weights.in.Forward(b.normed.data(), wide, m);
  const SiteColumns in_sites[] = {{Site::kWi0, 0}, {Site::kWi1, c.d_ff}};
  AddLora(context, block, in_sites, b.normed.data(), wide, width);
  float* activated = c.gated ? wide + m * width : wide;
  ActivateRows(c, m, wide, activated);
  weights.out.Forward(activated, b.hidden.data(), m, /*accumulate=*/true);
  const SiteColumns out_sites[] = {{Site::kWo, 0}};
  AddLora(context, block, out_sites, activated, b.hidden.data(), c.d_model);
}

}  // namespace tact
