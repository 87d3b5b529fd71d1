// Differentiable operations that common/kernels computes in one pass: each replaces a chain of
// small library operations, whose dispatch is most of the cost at small sizes. All tensors f32 on
// the CPU.
#ifndef TACT_COMMON_MODEL_FUSED_OPS_H_
#define TACT_COMMON_MODEL_FUSED_OPS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tact {

// T5LayerNorm: x [..., d], weight [d] -> [..., d].
at::Tensor RmsNormOp(const at::Tensor& x, const at::Tensor& weight, double eps);

// gelu_new(gate) * linear, all of one shape; keeps its two inputs for backward and nothing else.
at::Tensor GeluNewGateOp(const at::Tensor& gate, const at::Tensor& linear);

struct AttentionOptions {
  int64_t heads = 1;
  double scale = 1.0;   // of the scores
  bool causal = false;  // query i sees keys 0..i
};

// softmax(scale q k^T + bias) v by heads. q [b, q, inner], k and v [b, n, inner]; bias [heads, q,
// n] or undefined, with gradient; key_mask [b, n] f32 (0 = padding) or undefined; dropout factors
// for the probabilities [b, heads, q, n] or undefined -> [b, q, inner].
at::Tensor AttentionOp(const AttentionOptions& options, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, const at::Tensor& bias, const at::Tensor& key_mask,
                       const at::Tensor& dropout);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_FUSED_OPS_H_
