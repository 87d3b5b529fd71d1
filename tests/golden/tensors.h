// Golden tensors as torch tensors, and how they are compared.
#ifndef TACT_TESTS_GOLDEN_TENSORS_H_
#define TACT_TESTS_GOLDEN_TENSORS_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "common/model/safetensors.h"

namespace tact::golden {

// Of each tensor's greatest number.
inline constexpr double kForward = 2e-5, kGradient = 1e-4;

at::Tensor FloatTensor(const SafeTensors& tensors, const std::string& name);
at::Tensor LongTensor(const SafeTensors& tensors, const std::string& name);  // i64

// Greatest |actual - expected| at most `tolerance` times the greatest |expected|; shapes equal.
void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                 const std::string& what);

}  // namespace tact::golden

#endif  // TACT_TESTS_GOLDEN_TENSORS_H_
