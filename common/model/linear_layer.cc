#include "common/model/linear_layer.h"

#include <ATen/Functions.h>
#include <c10/util/Optional.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "common/kernels/linear.h"

namespace tact {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = c10::optional<at::Tensor>;  // apply() takes no undefined tensors

int64_t RowsOf(const at::Tensor& x) {
  const int64_t width = x.size(-1);
  return width == 0 ? 0 : x.numel() / width;
}

// [..., in] -> [..., out]
at::Tensor EmptyOutput(const at::Tensor& x, int64_t out) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = out;
  return at::empty(shape, x.options());
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const OptionalTensor& bias) {
    const at::Tensor x = input.contiguous();
    const int64_t out = weight.size(0), in = weight.size(1);
    at::Tensor y = EmptyOutput(x, out);
    MatMul(x.data_ptr<float>(), weight.data_ptr<float>(), y.data_ptr<float>(), RowsOf(x), out, in,
           false, true);
    if (bias.has_value()) y.add_(*bias);
    const bool for_input = input.requires_grad(), for_weight = weight.requires_grad();
    // Only what backward will read is kept alive: a frozen layer holds no activations.
    context->save_for_backward({for_weight ? x : at::Tensor(), for_input ? weight : at::Tensor()});
    context->saved_data["bias"] = bias.has_value() && bias->requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    at::Tensor dx, dw, db;
    if (saved[1].defined()) dx = InputGradient(dy, saved[1]);
    if (saved[0].defined()) dw = WeightGradient(dy, saved[0]);
    if (context->saved_data["bias"].toBool()) db = dy.reshape({-1, dy.size(-1)}).sum(0);
    return {dx, dw, db};
  }

  static at::Tensor InputGradient(const at::Tensor& dy, const at::Tensor& weight) {
    const int64_t out = weight.size(0), in = weight.size(1);
    at::Tensor dx = EmptyOutput(dy, in);
    MatMul(dy.data_ptr<float>(), weight.data_ptr<float>(), dx.data_ptr<float>(), RowsOf(dy), in,
           out);
    return dx;
  }

  static at::Tensor WeightGradient(const at::Tensor& dy, const at::Tensor& x) {
    const int64_t out = dy.size(-1), in = x.size(-1);
    at::Tensor dw = at::empty({out, in}, dy.options());
    MatMul(dy.data_ptr<float>(), x.data_ptr<float>(), dw.data_ptr<float>(), out, in, RowsOf(dy),
           true, false);
    return dw;
  }
};

}  // namespace

at::Tensor LinearOp(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return LinearFunction::apply(x, weight, bias.defined() ? OptionalTensor(bias) : OptionalTensor());
}

at::Tensor Dropout::operator()(const at::Tensor& x, double p) const {
  if (!training || p == 0.0) return x;
  const at::Tensor kept = at::empty_like(x, at::TensorOptions().requires_grad(false));
  kept.bernoulli_(1.0 - p, generator).div_(1.0 - p);
  return x.mul(kept);
}

LinearLayer::LinearLayer(at::Tensor weight, at::Tensor bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {}

at::Tensor LinearLayer::Forward(const at::Tensor& x, const Dropout& dropout) const {
  const at::Tensor y = LinearOp(x, weight_, bias_);
  if (low_rank_ == nullptr || !low_rank_->enabled) return y;
  const at::Tensor inner = LinearOp(dropout(x, low_rank_->dropout), low_rank_->a);
  return y.add(LinearOp(inner, low_rank_->b), low_rank_->scale);
}

}  // namespace tact
