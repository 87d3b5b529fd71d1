// Scalar functions that the compiler can turn into vector code, and the attribute that makes it do
// so for each kind of CPU. For use inside loops of this folder.
#ifndef TACT_COMMON_KERNELS_VECTOR_MATH_H_
#define TACT_COMMON_KERNELS_VECTOR_MATH_H_

#include <cstdint>

// TACT_VECTORISED compiles one copy of a function per kind of CPU, chosen at load time.
// TACT_REDUCTION also lets sums be reordered into vector lanes; never put FastExp and its like into
// such a function, their accuracy rests on the order of operations. Sanitizers cannot run the
// resolver before they are up, so they get the plain function.
#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TACT_CLONES target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")
#define TACT_VECTORISED       \
  __attribute__((TACT_CLONES, \
                 optimize("O3", "no-trapping-math", "no-math-errno", "fp-contract=fast")))
#define TACT_REDUCTION                                                                   \
  __attribute__((TACT_CLONES,                                                            \
                 optimize("O3", "no-trapping-math", "no-math-errno", "associative-math", \
                          "no-signed-zeros", "fp-contract=fast")))
#else
#define TACT_VECTORISED
#define TACT_REDUCTION
#endif

namespace tact {

// exp(x) to about 2 ulp (Cephes expf); below -87.3 it gives 0, and -inf gives 0; x <= 88.3.
[[gnu::always_inline]] inline float FastExp(float x) {
  const float clamped = x < -87.3f ? -87.3f : (x > 88.3f ? 88.3f : x);
  const float scaled = clamped * 1.44269504088896341f;
  const int32_t k = static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float n = static_cast<float>(k);
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float mantissa = p * r * r + r + 1.0f;
  // A mask and not a condition, which would keep loops scalar; the builtin, because a call of
  // std::bit_cast is not inlined into functions of other options.
  const int32_t keep = -static_cast<int32_t>(x >= -87.3f);
  const int32_t bits = __builtin_bit_cast(int32_t, mantissa) + (k << 23);
  return __builtin_bit_cast(float, bits& keep);
}

// 1 - 2 / (exp(2x) + 1); absolute error about 1e-7.
[[gnu::always_inline]] inline float FastTanh(float x) {
  const float clamped = x > 20.0f ? 20.0f : (x < -20.0f ? -20.0f : x);
  return 1.0f - 2.0f / (FastExp(2.0f * clamped) + 1.0f);
}

// sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
[[gnu::always_inline]] inline float FastGeluNewSigmoid(float x) {
  const float inner = 1.5957691216057308f * (x + 0.044715f * x * x * x);
  const float clamped = inner < -80.0f ? -80.0f : inner;
  return 1.0f / (1.0f + FastExp(-clamped));
}

// 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) = x * sigmoid(2 sqrt(2/pi) (...)).
[[gnu::always_inline]] inline float FastGeluNew(float x) {
  const float inner = 1.5957691216057308f * (x + 0.044715f * x * x * x);
  const float clamped = inner < -80.0f ? -80.0f : inner;
  return x / (1.0f + FastExp(-clamped));
}

// x Phi(x) = max(x, 0) - |x| / 2 * erfc(|x| / sqrt(2)), with erfc by Abramowitz and Stegun 7.1.26:
// absolute error of erfc 1.5e-7.
[[gnu::always_inline]] inline float FastGelu(float x) {
  const float size = __builtin_fabsf(x);
  const float t = 1.0f / (1.0f + 0.3275911f * 0.70710678118654752f * size);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float complement = p * t * FastExp(-0.5f * size * size);
  return (x > 0.0f ? x : 0.0f) - 0.5f * size * complement;
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_VECTOR_MATH_H_
