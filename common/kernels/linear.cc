#include "common/kernels/linear.h"

#include <dnnl.h>

#include <algorithm>

#include "common/kernels/linear_kernel.h"

namespace tact {
namespace {

std::shared_ptr<const LinearKernel> MakeKernel(const WeightRows& weight, const float* bias,
                                               int64_t out, int64_t in, WeightType type) {
  switch (type) {
    case WeightType::kBF16:
      return MakeBf16Kernel(weight, bias, out, in);
    case WeightType::kInt8:
      return MakeInt8Kernel(weight, bias, out, in);
    case WeightType::kF32:
      break;
  }
  return MakeF32Kernel(weight, bias, out, in);
}

}  // namespace

PackedLinear::PackedLinear(const float* weight, const float* bias, int64_t out, int64_t in,
                           WeightType type)
    : PackedLinear([=](int64_t first, int64_t count,
                       float* rows) { std::copy_n(weight + first * in, count * in, rows); },
                   bias, out, in, type) {}

PackedLinear::PackedLinear(const WeightRows& weight, const float* bias, int64_t out, int64_t in,
                           WeightType type)
    : out_(out), in_(in), kernel_(MakeKernel(weight, bias, out, in, type)) {}

PackedLinear::~PackedLinear() = default;

void PackedLinear::Forward(const float* x, float* y, int64_t m, bool accumulate) const {
  kernel_->Forward(x, y, m, accumulate);
}

size_t PackedLinear::bytes() const { return kernel_->bytes(); }

void Gemm(ConstMatrix a, ConstMatrix b, float* c, int64_t c_stride, int64_t m, int64_t n, int64_t k,
          bool transpose_a, bool transpose_b, float alpha, float beta) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // a sum of nothing; oneDNN would leave c as it is
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j)
        c[i * c_stride + j] = beta == 0 ? 0 : beta * c[i * c_stride + j];
    }
    return;
  }
  const ScopedThreads threads(m * n * k);
  dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a.data, a.stride,
             b.data, b.stride, beta, c, c_stride);
}

void MatMul(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k,
            bool transpose_a, bool transpose_b, float beta) {
  Gemm({a, transpose_a ? m : k}, {b, transpose_b ? k : n}, c, n, m, n, k, transpose_a, transpose_b,
       1.0f, beta);
}

}  // namespace tact
