#include "common/kernels/attention.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "common/kernels/linear.h"
#include "common/kernels/ops.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

// Where one head of one sequence lies in the tensors.
struct Head {
  int64_t stride;         // floats between rows
  int64_t q, kv;          // offset of its first query and key row
  int64_t probabilities;  // offset of its [q, n] block
};

Head HeadAt(const AttentionShape& s, int64_t batch, int64_t head) {
  const int64_t stride = s.heads * s.d;
  return {stride, batch * s.queries * stride + head * s.d, batch * s.keys * stride + head * s.d,
          (batch * s.heads + head) * s.queries * s.keys};
}

int64_t VisibleKeys(const AttentionShape& s, int64_t query) {
  return s.causal ? std::min(query + 1, s.keys) : s.keys;
}

// transformers adds the least float to masked scores, which absorbs them; so does this.
void Mask(float* scores, const float* key_mask, int64_t n) {
  for (int64_t j = 0; j < n; ++j) {
    if (key_mask[j] == 0.0f) scores[j] = std::numeric_limits<float>::lowest();
  }
}

void HeadForward(const AttentionShape& s, const AttentionInputs& in, int64_t batch, int64_t head,
                 float* probabilities, float* out) {
  const Head at = HeadAt(s, batch, head);
  float* p = probabilities + at.probabilities;
  Gemm({in.q + at.q, at.stride}, {in.k + at.kv, at.stride}, p, s.keys, s.queries, s.keys, s.d,
       false, true, s.scale);
  for (int64_t i = 0; i < s.queries; ++i) {
    float* row = p + i * s.keys;
    const int64_t seen = VisibleKeys(s, i);
    if (in.bias != nullptr) AddInPlace(row, in.bias + (head * s.queries + i) * s.keys, seen);
    if (in.key_mask != nullptr) Mask(row, in.key_mask + batch * s.keys, seen);
    Softmax(row, nullptr, seen);
    std::fill(row + seen, row + s.keys, 0.0f);
  }
  std::unique_ptr<float[]> dropped;
  const float* used = p;
  if (in.dropout != nullptr) {
    dropped.reset(new float[static_cast<size_t>(s.queries * s.keys)]);
    Multiply(p, in.dropout + at.probabilities, dropped.get(), s.queries * s.keys);
    used = dropped.get();
  }
  Gemm({used, s.keys}, {in.v + at.kv, at.stride}, out + at.q, at.stride, s.queries, s.d, s.keys,
       false, false);
}

// dS = P * (dP - sum(dP * P)) for each row, in place of dP.
void SoftmaxBackward(const float* p, float* dp, int64_t rows, int64_t n) {
  for (int64_t i = 0; i < rows; ++i) {
    SoftmaxGradient(p + i * n, dp + i * n, n);
  }
}

// `work` holds two [q, n] blocks.
void HeadBackward(const AttentionShape& s, const AttentionInputs& in, int64_t batch, int64_t head,
                  const float* probabilities, const float* out_gradient,
                  const AttentionGradients& g, float* work) {
  const Head at = HeadAt(s, batch, head);
  const int64_t block = s.queries * s.keys;
  const float* p = probabilities + at.probabilities;
  const ConstMatrix d_out{out_gradient + at.q, at.stride};
  const float* used = p;
  float* d_scores = work;
  if (in.dropout != nullptr) {
    Multiply(p, in.dropout + at.probabilities, work + block, block);
    used = work + block;
  }
  Gemm({used, s.keys}, d_out, g.v + at.kv, at.stride, s.keys, s.d, s.queries, true, false);
  Gemm(d_out, {in.v + at.kv, at.stride}, d_scores, s.keys, s.queries, s.keys, s.d, false, true);
  if (in.dropout != nullptr) Multiply(d_scores, in.dropout + at.probabilities, d_scores, block);
  SoftmaxBackward(p, d_scores, s.queries, s.keys);
  if (g.bias != nullptr) AddInPlace(g.bias + head * block, d_scores, block);
  Gemm({d_scores, s.keys}, {in.k + at.kv, at.stride}, g.q + at.q, at.stride, s.queries, s.d, s.keys,
       false, false, s.scale);
  Gemm({d_scores, s.keys}, {in.q + at.q, at.stride}, g.k + at.kv, at.stride, s.keys, s.d, s.queries,
       true, false, s.scale);
}

}  // namespace

void AttentionForward(const AttentionShape& shape, const AttentionInputs& in, float* probabilities,
                      float* out) {
  ParallelFor(shape.batch * shape.heads, [&](int64_t i) {
    HeadForward(shape, in, i / shape.heads, i % shape.heads, probabilities, out);
  });
}

void AttentionBackward(const AttentionShape& shape, const AttentionInputs& in,
                       const float* probabilities, const float* out_gradient,
                       const AttentionGradients& gradients) {
  const int64_t block = shape.queries * shape.keys;
  if (gradients.bias != nullptr) std::fill_n(gradients.bias, shape.heads * block, 0.0f);
  // By head, the batch inside: the gradient of a head's bias is then summed by one thread, in
  // order.
  ParallelFor(shape.heads, [&](int64_t head) {
    const std::unique_ptr<float[]> work(new float[static_cast<size_t>(2 * block)]);
    for (int64_t batch = 0; batch < shape.batch; ++batch) {
      HeadBackward(shape, in, batch, head, probabilities, out_gradient, gradients, work.get());
    }
  });
}

}  // namespace tact
