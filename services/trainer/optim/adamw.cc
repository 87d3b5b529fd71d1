#include "services/trainer/optim/adamw.h"

#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/strings.h"
#include "common/kernels/threads.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

constexpr int64_t kBlock = int64_t{1} << 16;  // elements of one parallel task

// What one step does to each element, in the floats that torch's kernels use.
struct Update {
  float keep;  // 1 - lr wd, where the decay comes first
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;
  float step_size;
  float root;  // divides sqrt(v)
  float epsilon;
  float decay;  // lr wd, where the decay comes last
};

void UpdateBlock(const Update& u, const float* g, float* p, float* m, float* v, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    m[i] = u.beta1 * m[i] + u.one_minus_beta1 * g[i];
    v[i] = u.beta2 * v[i] + u.one_minus_beta2 * g[i] * g[i];
    p[i] = u.keep * p[i] - u.step_size * (m[i] / (std::sqrt(v[i]) / u.root + u.epsilon));
    p[i] -= u.decay * p[i];
  }
}

// Of the step number t, without decay.
Update MakeUpdate(const AdamWOptions& o, double learning_rate, double t) {
  const double root = std::sqrt(1.0 - std::pow(o.beta2, t));
  const bool torch = o.form == AdamWForm::kTorch;
  const double step_size = learning_rate / (1.0 - std::pow(o.beta1, t)) * (torch ? 1.0 : root);
  return {.keep = 1.0f,
          .beta1 = static_cast<float>(o.beta1),
          .one_minus_beta1 = static_cast<float>(1.0 - o.beta1),
          .beta2 = static_cast<float>(o.beta2),
          .one_minus_beta2 = static_cast<float>(1.0 - o.beta2),
          .step_size = static_cast<float>(step_size),
          .root = torch ? static_cast<float>(root) : 1.0f,
          .epsilon = static_cast<float>(o.epsilon),
          .decay = 0.0f};
}

void SetDecay(const AdamWOptions& o, double learning_rate, bool decays, Update& update) {
  const double decay = decays ? learning_rate * o.weight_decay : 0.0;
  const bool first = o.form == AdamWForm::kTorch;
  update.keep = first ? static_cast<float>(1.0 - decay) : 1.0f;
  update.decay = first ? 0.0f : static_cast<float>(decay);
}

absl::Status CopyState(const ParameterMap& state, const std::string& name, at::Tensor& out) {
  const at::Tensor* found = state.Find(name);
  if (found == nullptr || found->sizes() != out.sizes()) {
    return absl::DataLossError(StrCat("optimizer state: ", name, " is ",
                                      found == nullptr ? "missing" : "of another shape"));
  }
  out.copy_(*found);
  return absl::OkStatus();
}

}  // namespace

bool TakesWeightDecay(std::string_view parameter) {
  for (std::string_view left_out : {"bias", "layer_norm", "LayerNorm"}) {
    if (parameter.find(left_out) != std::string_view::npos) return false;
  }
  return true;
}

AdamWOptions ToAdamWOptions(const v1::OptimizerSettings& o) {
  const bool torch = o.algorithm() != v1::OPTIMIZER_ALGORITHM_ADAMW_HF;
  return {o.beta1(), o.beta2(), o.epsilon(), o.weight_decay(),
          torch ? AdamWForm::kTorch : AdamWForm::kTransformers};
}

AdamW::AdamW(std::vector<NamedTensor> parameters, const AdamWOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  at::NoGradGuard no_grad;
  for (const NamedTensor& p : parameters_) {
    moments_.push_back({at::zeros_like(p.tensor), at::zeros_like(p.tensor)});
  }
}

void AdamW::Step(double learning_rate) {
  at::NoGradGuard no_grad;
  ++steps_;
  Update update = MakeUpdate(options_, learning_rate, static_cast<double>(steps_));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& parameter = parameters_[i].tensor;
    if (!parameter.grad().defined()) continue;
    const at::Tensor gradient = parameter.grad().contiguous();
    SetDecay(options_, learning_rate, TakesWeightDecay(parameters_[i].name), update);
    const float* g = gradient.data_ptr<float>();
    float* p = parameter.data_ptr<float>();
    float* m = moments_[i].mean.data_ptr<float>();
    float* v = moments_[i].square.data_ptr<float>();
    const int64_t n = parameter.numel();
    ParallelFor((n + kBlock - 1) / kBlock, [&](int64_t block) {
      const int64_t begin = block * kBlock;
      UpdateBlock(update, g + begin, p + begin, m + begin, v + begin, std::min(kBlock, n - begin));
    });
  }
}

void AdamW::ZeroGrad() {
  for (NamedTensor& p : parameters_) p.tensor.mutable_grad().reset();
}

std::vector<NamedTensor> AdamW::State() const {
  std::vector<NamedTensor> out;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    out.push_back({StrCat("exp_avg.", parameters_[i].name), moments_[i].mean});
    out.push_back({StrCat("exp_avg_sq.", parameters_[i].name), moments_[i].square});
  }
  return out;
}

absl::Status AdamW::LoadState(const ParameterMap& state, int64_t steps) {
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    absl::Status copied = CopyState(state, StrCat("exp_avg.", name), moments_[i].mean);
    if (copied.ok()) {
      copied = CopyState(state, StrCat("exp_avg_sq.", name), moments_[i].square);
    }
    if (!copied.ok()) return copied;
  }
  steps_ = steps;
  return absl::OkStatus();
}

}  // namespace tact
