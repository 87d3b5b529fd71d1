// Dense linears and matrix products. PackedLinear is the inference path: the weight is packed once,
// as f32 or narrower, and never changes. MatMul and Gemm are the plain f32 products
// of oneDNN that training (forward and backward) and batched attention use. All matrices are
// row-major; what goes in and comes out is f32. Every function may be called from several threads
// at once.
#ifndef TACT_COMMON_KERNELS_LINEAR_H_
#define TACT_COMMON_KERNELS_LINEAR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace tact {

// How a PackedLinear holds its weight, and computes.
enum class WeightType {
  kF32,
  // The weight is rounded to bfloat16 (nearest, ties to even), sums are f32. The input is rounded
  // too where the CPU multiplies bfloat16 itself.
  kBF16,
  // Weight as int8 with a scale for each output (greatest |w| = 127), sums in int32. Where the CPU
  // has AVX-512 VNNI or AMX the input is in 8 bits with scale and zero point for each row, else in
  // as many of 16 as sums allow (12 at 8192 inputs, 15 at 1024), with a scale for each row.
  kInt8
};

// "f32", "bf16", "int8": by the value of a WeightType.
inline constexpr std::array<std::string_view, 3> kWeightTypeNames = {"f32", "bf16", "int8"};

// Rows [first, first + count) of a weight [out, in] as f32 into `rows` [count, in]. Called from
// several threads at once, for each row once.
using WeightRows = std::function<void(int64_t first, int64_t count, float* rows)>;

// What computes one packed weight.
class LinearKernel;

// y = x W^T + b for a fixed weight. Cheap to copy: copies share the packed weight.
class PackedLinear {
 public:
  // weight [out, in] as Hugging Face stores it; bias [out] or null. Both are copied.
  PackedLinear(const float* weight, const float* bias, int64_t out, int64_t in,
               WeightType type = WeightType::kF32);
  // The same of a weight that is read piece by piece while it is packed on the compute threads.
  PackedLinear(const WeightRows& weight, const float* bias, int64_t out, int64_t in,
               WeightType type = WeightType::kF32);
  ~PackedLinear();
  PackedLinear(const PackedLinear&) = default;
  PackedLinear& operator=(const PackedLinear&) = default;
  PackedLinear(PackedLinear&&) noexcept = default;
  PackedLinear& operator=(PackedLinear&&) noexcept = default;

  // x [m, in] -> y [m, out]; m >= 0. With `accumulate`, y += x W^T + b. Rows do not depend on how
  // many there are: to the bit, but for bf16 on CPUs that multiply bfloat16, where they do up to
  // float rounding. Allocates no buffers once the thread has seen the size.
  void Forward(const float* x, float* y, int64_t m, bool accumulate = false) const;

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  size_t bytes() const;  // of the packed weight and bias

 private:
  int64_t out_, in_;
  std::shared_ptr<const LinearKernel> kernel_;
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
