// Linears of a batch whose rows may use different adapters: one product with the shared base
// weight for all rows, then two small ones for each run of rows with the same adapter; and the
// feed-forward block that encoder and decoder share.
#ifndef TACT_SERVICES_POLICY_ENGINE_PROJECTIONS_H_
#define TACT_SERVICES_POLICY_ENGINE_PROJECTIONS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "services/policy/engine/adapter.h"
#include "services/policy/engine/snapshot.h"

namespace tact {

// Rows [begin, end) of a batch use `adapter`; null is the base.
struct AdapterRun {
  const Adapter* adapter;
  int64_t begin, end;
};

// Appends a row with `adapter`, growing the last run where it is the same.
void AppendRows(const Adapter* adapter, int64_t rows, std::vector<AdapterRun>& runs);

// Names the blocks whose adapters apply and lends the scratch that they need.
struct LoraContext {
  std::span<const AdapterRun> runs;
  Stack stack;
  std::vector<float>* scratch;
};

// One linear inside y: `column` is where its outputs begin in rows of y.
struct SiteColumns {
  Site site;
  int64_t column;
};

// y [m, y_width] += scale * B A x for the rows that have an adapter at these sites.
void AddLora(const LoraContext& context, int64_t block, std::span<const SiteColumns> sites,
             const float* x, float* y, int64_t y_width);

// The same for the head: logits [end - first, vocab] of the rows [first, end) of the pass, from
// x [rows, d_model], the head's input of all rows.
void AddHeadLora(const LoraContext& context, int64_t first, int64_t end, const float* x,
                 float* logits);

// Buffers of a stack over m rows; they only grow.
struct StackBuffers {
  std::vector<float> hidden;     // [m, d_model] residual stream
  std::vector<float> normed;     // [m, d_model]
  std::vector<float> projected;  // [m, 3 * inner]
  std::vector<float> context;    // [m, inner] what attention gives
  std::vector<float> wide;       // [m, d_ff or 2 * d_ff]
  std::vector<float> lora;       // scratch
  std::vector<AdapterRun> runs;

  void Resize(const T5Config& config, int64_t m);
};

// hidden [m, d_model] <- embedding rows of `ids`.
void Embed(const Snapshot& snapshot, std::span<const int32_t> ids, float* hidden);

// normed [m, d_model] = RMSNorm(hidden) * weight.
void Norm(const T5Config& config, const std::vector<float>& weight, int64_t m,
          StackBuffers& buffers);

// projected [m, 3 * inner] = qkv(norm(hidden)).
void ProjectQkv(const T5Config& config, const SelfAttentionWeights& weights,
                const LoraContext& context, int64_t block, int64_t m, StackBuffers& buffers);

// hidden += o(context), where `site` says whether it is self- or cross-attention.
void ProjectOut(const T5Config& config, const PackedLinear& o, Site site,
                const LoraContext& context, int64_t block, int64_t m, StackBuffers& buffers);

// hidden += feed_forward(norm(hidden)).
void FeedForward(const T5Config& config, const FeedForwardWeights& weights,
                 const LoraContext& context, int64_t block, int64_t m, StackBuffers& buffers);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_PROJECTIONS_H_
