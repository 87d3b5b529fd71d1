// A trainable linear layer on oneDNN, with an optional low-rank adapter, and dropout that draws
// from a generator of the model's own (a seed then fixes a whole run).
#ifndef TACT_COMMON_MODEL_LINEAR_LAYER_H_
#define TACT_COMMON_MODEL_LINEAR_LAYER_H_

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>

namespace tact {

// y = x W^T (+ b) with gradients for x, W and b, each computed only where it is asked for.
// x [..., in] f32, weight [out, in], bias [out] or undefined -> [..., out].
at::Tensor LinearOp(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// Inverted dropout. Shared by all layers of one model.
struct Dropout {
  bool training = false;
  at::Generator generator;

  // x where not training or p == 0, else x * bernoulli(1 - p) / (1 - p).
  at::Tensor operator()(const at::Tensor& x, double p) const;
};

// The low-rank update of LoRA (Hu et al. 2021): y += scale * B A dropout(x).
struct LowRank {
  at::Tensor a;        // [r, in]
  at::Tensor b;        // [out, r]
  double scale = 1.0;  // alpha / r
  double dropout = 0.0;
  bool enabled = true;
};

class LinearLayer {
 public:
  explicit LinearLayer(at::Tensor weight, at::Tensor bias = {});
  at::Tensor Forward(const at::Tensor& x, const Dropout& dropout) const;

  const at::Tensor& weight() const { return weight_; }
  const std::shared_ptr<LowRank>& low_rank() const { return low_rank_; }
  void set_low_rank(std::shared_ptr<LowRank> low_rank) { low_rank_ = std::move(low_rank); }

 private:
  at::Tensor weight_;  // [out, in]
  at::Tensor bias_;    // [out] or undefined
  std::shared_ptr<LowRank> low_rank_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_LINEAR_LAYER_H_
