#include "services/trainer/ppo/masked.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

namespace tact {

at::Tensor MaskedMean(const at::Tensor& values, const at::Tensor& mask) {
  return (values * mask).sum() / mask.sum();
}

at::Tensor MaskedMeanByRow(const at::Tensor& values, const at::Tensor& mask) {
  return (values * mask).sum(-1) / mask.sum(-1);
}

at::Tensor MaskedVariance(const at::Tensor& values, const at::Tensor& mask, bool unbiased) {
  const at::Tensor centred = values - MaskedMean(values, mask);
  const at::Tensor variance = MaskedMean(centred * centred, mask);
  if (!unbiased) return variance;
  const at::Tensor count = mask.sum();
  return variance * (count / (count - 1));
}

at::Tensor MaskedWhiten(const at::Tensor& values, const at::Tensor& mask, WhitenMean mean) {
  if (mask.sum().item<double>() < 2) return at::zeros_like(values);
  const at::Tensor centre = MaskedMean(values, mask);
  const at::Tensor whitened = (values - centre) * (MaskedVariance(values, mask) + 1e-8).rsqrt();
  return mean == WhitenMean::kKeep ? whitened + centre : whitened;
}

}  // namespace tact
