// Dense f32 linears and matrix products on oneDNN. PackedLinear is the inference path: the weight
// is reordered once into the layout that the CPU's kernels want and never changes. MatMul and Gemm
// are the plain products that training (forward and backward) and batched attention use. All
// matrices are row-major f32. Every function may be called from several threads at once.
#ifndef TACT_COMMON_KERNELS_LINEAR_H_
#define TACT_COMMON_KERNELS_LINEAR_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tact {

// y = x W^T + b for a fixed weight. Cheap to copy: copies share the packed weight.
class PackedLinear {
 public:
  // weight [out, in] as Hugging Face stores it; bias [out] or null. Both are copied.
  PackedLinear(const float* weight, const float* bias, int64_t out, int64_t in);
  ~PackedLinear();
  PackedLinear(const PackedLinear&) = default;
  PackedLinear& operator=(const PackedLinear&) = default;
  PackedLinear(PackedLinear&&) noexcept = default;
  PackedLinear& operator=(PackedLinear&&) noexcept = default;

  // x [m, in] -> y [m, out]; m >= 0. With `accumulate`, y += x W^T + b. Rows do not depend on how
  // many there are up to float rounding. Allocates no buffers once the thread has seen the size.
  void Forward(const float* x, float* y, int64_t m, bool accumulate = false) const;

  int64_t in() const;
  int64_t out() const;
  size_t bytes() const;  // of the packed weight and bias

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

// c [m, n] = op(a) op(b) + beta c, where op(a) is [m, k] and op(b) is [k, n]; `transpose_a` says
// that a is stored [k, m], `transpose_b` that b is stored [n, k]. With beta = 0, c may hold
// anything.
void MatMul(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k,
            bool transpose_a = false, bool transpose_b = false, float beta = 0.0f);

// A matrix inside a larger buffer: rows are `stride` floats apart.
struct ConstMatrix {
  const float* data;
  int64_t stride;
};

// The same with strides and a factor: c = alpha op(a) op(b) + beta c.
void Gemm(ConstMatrix a, ConstMatrix b, float* c, int64_t c_stride, int64_t m, int64_t n, int64_t k,
          bool transpose_a, bool transpose_b, float alpha = 1.0f, float beta = 0.0f);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_LINEAR_H_
