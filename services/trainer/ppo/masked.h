// Statistics over the entries where a mask is 1; all tensors of one shape, f32. As trl 0.4.2's
// core.py: sums over the whole batch, the variance with Bessel's correction.
#ifndef TACT_SERVICES_TRAINER_PPO_MASKED_H_
#define TACT_SERVICES_TRAINER_PPO_MASKED_H_

#include <ATen/core/Tensor.h>

namespace tact {

at::Tensor MaskedMean(const at::Tensor& values, const at::Tensor& mask);  // scalar
// [batch, time] -> [batch].
at::Tensor MaskedMeanByRow(const at::Tensor& values, const at::Tensor& mask);
// Scalar; `unbiased` divides by the count less one.
at::Tensor MaskedVariance(const at::Tensor& values, const at::Tensor& mask, bool unbiased = true);

enum class WhitenMean { kShift, kKeep };
// (values - mean) / sqrt(variance + 1e-8), with the mean added again where it is kept. Where one
// entry counts alone, which has no variance, it becomes 0.
at::Tensor MaskedWhiten(const at::Tensor& values, const at::Tensor& mask,
                        WhitenMean mean = WhitenMean::kShift);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_MASKED_H_
