#include "common/model/value_head.h"

#include <ATen/Functions.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/model/copy_weights.h"
#include "common/model/torch_io.h"

namespace tact {

ValueHead::ValueHead(int64_t hidden, uint64_t seed, double dropout) : p_(dropout) {
  at::Generator generator = MakeGenerator(seed);
  dropout_.generator = MakeGenerator(seed + 1);
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
  const auto add = [&](const char* name, at::IntArrayRef shape) {
    at::Tensor tensor = at::empty(shape, at::TensorOptions(at::kFloat));
    tensor.uniform_(-bound, bound, generator);
    parameters_.Add(name, tensor.requires_grad_(true));
  };
  add("v_head.summary.weight", {1, hidden});
  add("v_head.summary.bias", {1});
}

at::Tensor ValueHead::Forward(const at::Tensor& hidden) const {
  const at::Tensor x = dropout_(hidden, p_);
  return LinearOp(x, parameters_.At("v_head.summary.weight"), parameters_.At("v_head.summary.bias"))
      .squeeze(-1);
}

absl::Status ValueHead::CopyWeights(const ParameterMap& source) {
  return CopyParameters(parameters_, source);
}

}  // namespace tact
