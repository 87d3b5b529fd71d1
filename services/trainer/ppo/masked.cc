#include "services/trainer/ppo/masked.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

namespace tact {

at::Tensor MaskedMean(const at::Tensor& values, const at::Tensor& mask) {
  return (values * mask).sum() / mask.sum();
}

at::Tensor MaskedVariance(const at::Tensor& values, const at::Tensor& mask) {
  const at::Tensor centred = values - MaskedMean(values, mask);
  const at::Tensor count = mask.sum();
  return MaskedMean(centred * centred, mask) * (count / (count - 1));
}

at::Tensor MaskedWhiten(const at::Tensor& values, const at::Tensor& mask) {
  if (mask.sum().item<double>() < 2) return at::zeros_like(values);
  return (values - MaskedMean(values, mask)) * (MaskedVariance(values, mask) + 1e-8).rsqrt();
}

}  // namespace tact
