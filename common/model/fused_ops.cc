#include "common/model/fused_ops.h"

#include <ATen/Functions.h>
#include <c10/util/Optional.h>
#include <torch/csrc/autograd/custom_function.h>

#include "common/kernels/attention.h"
#include "common/kernels/ops.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = c10::optional<at::Tensor>;  // apply() takes no undefined tensors

struct RmsNormFunction : torch::autograd::Function<RmsNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, double eps) {
    const at::Tensor x = input.contiguous();
    at::Tensor y = at::empty_like(x);
    const int64_t dim = x.size(-1);
    RmsNorm(x.data_ptr<float>(), weight.data_ptr<float>(), y.data_ptr<float>(), x.numel() / dim,
            dim, static_cast<float>(eps));
    context->save_for_backward({x, weight});
    context->saved_data["eps"] = eps;
    context->saved_data["weight_gradient"] = weight.requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor dx = at::empty_like(x);
    const bool wanted = context->saved_data["weight_gradient"].toBool();
    const at::Tensor dw = wanted ? at::zeros_like(saved[1]) : at::Tensor();
    const int64_t dim = x.size(-1);
    RmsNormBackward(x.data_ptr<float>(), saved[1].data_ptr<float>(), dy.data_ptr<float>(),
                    dx.data_ptr<float>(), wanted ? dw.data_ptr<float>() : nullptr, x.numel() / dim,
                    dim, static_cast<float>(context->saved_data["eps"].toDouble()));
    return {dx, dw, at::Tensor()};
  }
};

constexpr int64_t kBlock = int64_t{1} << 15;  // elements of one parallel task

struct GeluNewGateFunction : torch::autograd::Function<GeluNewGateFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate,
                            const at::Tensor& linear) {
    at::Tensor out = at::empty_like(gate);
    const float *g = gate.data_ptr<float>(), *l = linear.data_ptr<float>();
    float* y = out.data_ptr<float>();
    ParallelBlocks(gate.numel(), kBlock,
                   [&](int64_t at, int64_t n) { GeluNewGate(g + at, l + at, y + at, n); });
    context->save_for_backward({gate, linear});
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor d_gate = at::empty_like(dy), d_linear = at::empty_like(dy);
    const float *g = saved[0].data_ptr<float>(), *l = saved[1].data_ptr<float>();
    const float* given = dy.data_ptr<float>();
    float *dg = d_gate.data_ptr<float>(), *dl = d_linear.data_ptr<float>();
    ParallelBlocks(dy.numel(), kBlock, [&](int64_t at, int64_t n) {
      GeluNewGateBackward(g + at, l + at, given + at, dg + at, dl + at, n);
    });
    return {d_gate, d_linear};
  }
};

const float* DataOrNull(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static AttentionShape ShapeOf(const AttentionOptions& options, const at::Tensor& q,
                                const at::Tensor& k) {
    AttentionShape shape;
    shape.batch = q.size(0);
    shape.queries = q.size(1);
    shape.keys = k.size(1);
    shape.heads = options.heads;
    shape.d = q.size(2) / options.heads;
    shape.scale = static_cast<float>(options.scale);
    shape.causal = options.causal;
    return shape;
  }

  static AttentionInputs InputsOf(const variable_list& t) {
    return {DataOrNull(t[0]), DataOrNull(t[1]), DataOrNull(t[2]),
            DataOrNull(t[3]), DataOrNull(t[4]), DataOrNull(t[5])};
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const OptionalTensor& bias,
                            const OptionalTensor& key_mask, const OptionalTensor& dropout,
                            int64_t heads, double scale, bool causal) {
    const AttentionShape shape = ShapeOf({heads, scale, causal}, q, k);
    variable_list tensors = {q,
                             k,
                             v,
                             bias.value_or(at::Tensor()),
                             key_mask.value_or(at::Tensor()),
                             dropout.value_or(at::Tensor())};
    at::Tensor out = at::empty_like(q);
    const at::Tensor probabilities =
        at::empty({shape.batch, shape.heads, shape.queries, shape.keys}, q.options());
    AttentionForward(shape, InputsOf(tensors), probabilities.data_ptr<float>(),
                     out.data_ptr<float>());
    tensors.push_back(probabilities);
    context->save_for_backward(tensors);
    context->saved_data["heads"] = heads;
    context->saved_data["scale"] = scale;
    context->saved_data["causal"] = causal;
    context->saved_data["bias_gradient"] = bias.has_value() && bias->requires_grad();
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& data = context->saved_data;
    const variable_list saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor dq = at::empty_like(saved[0]), dk = at::empty_like(saved[1]),
                     dv = at::empty_like(saved[2]);
    at::Tensor dbias;
    if (data["bias_gradient"].toBool()) dbias = at::empty_like(saved[3]);
    const AttentionOptions options{data["heads"].toInt(), data["scale"].toDouble(),
                                   data["causal"].toBool()};
    AttentionBackward(ShapeOf(options, saved[0], saved[1]), InputsOf(saved),
                      saved[6].data_ptr<float>(), dy.data_ptr<float>(),
                      {dq.data_ptr<float>(), dk.data_ptr<float>(), dv.data_ptr<float>(),
                       dbias.defined() ? dbias.data_ptr<float>() : nullptr});
    return {dq, dk, dv, dbias, {}, {}, {}, {}, {}};
  }
};

OptionalTensor Contiguous(const at::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor.contiguous()) : OptionalTensor();
}

}  // namespace

at::Tensor RmsNormOp(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return RmsNormFunction::apply(x, weight, eps);
}

at::Tensor GeluNewGateOp(const at::Tensor& gate, const at::Tensor& linear) {
  return GeluNewGateFunction::apply(gate.contiguous(), linear.contiguous());
}

at::Tensor AttentionOp(const AttentionOptions& options, const at::Tensor& q, const at::Tensor& k,
                       const at::Tensor& v, const at::Tensor& bias, const at::Tensor& key_mask,
                       const at::Tensor& dropout) {
  return AttentionFunction::apply(q.contiguous(), k.contiguous(), v.contiguous(), Contiguous(bias),
                                  Contiguous(key_mask), Contiguous(dropout), options.heads,
                                  options.scale, options.causal);
}

}  // namespace tact
