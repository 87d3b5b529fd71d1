// Multi-head attention over a padded batch, forward and backward, as one pass each: what training
// uses, and an encoder can. No copy into a head-major layout is made: heads are strided views.
// Shapes: b batch, q query rows, n key rows, heads, d of one head; tensors are contiguous f32.
#ifndef TACT_COMMON_KERNELS_ATTENTION_H_
#define TACT_COMMON_KERNELS_ATTENTION_H_

#include <cstdint>

namespace tact {

struct AttentionShape {
  int64_t batch, queries, keys, heads, d;
  float scale = 1.0f;   // of the scores; T5 takes 1, BERT d^-0.5
  bool causal = false;  // query i sees keys 0..i
};

struct AttentionInputs {
  const float* q;         // [b, q, heads * d]
  const float* k;         // [b, n, heads * d]
  const float* v;         // [b, n, heads * d]
  const float* bias;      // [heads, q, n] added to the scores, or null
  const float* key_mask;  // [b, n], 1 = token, 0 = padding; or null
  const float* dropout;   // [b, heads, q, n] factors for the probabilities, or null
};

// probabilities [b, heads, q, n] = softmax(scale q k^T + bias over keys that are seen), before
// dropout; out [b, q, heads * d] = dropout(probabilities) v. A row that sees no key is uniform.
void AttentionForward(const AttentionShape& shape, const AttentionInputs& in, float* probabilities,
                      float* out);

struct AttentionGradients {
  float* q;  // each of its input's shape, overwritten
  float* k;
  float* v;
  float* bias;  // null where it is not wanted
};

void AttentionBackward(const AttentionShape& shape, const AttentionInputs& in,
                       const float* probabilities, const float* out_gradient,
                       const AttentionGradients& gradients);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_ATTENTION_H_
