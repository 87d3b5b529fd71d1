// AdamW (Loshchilov & Hutter 2019) in two forms; m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2.
// As torch.optim.AdamW has it; without weight decay it is torch.optim.Adam, which TRL takes for
// PPO:
//   p <- p (1 - lr wd);  p <- p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
// As transformers.AdamW has it ("adamw_hf"), the Trainer's default in 4.27:
//   p <- p - lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps);  p <- p - lr wd p
#ifndef TACT_SERVICES_TRAINER_OPTIM_ADAMW_H_
#define TACT_SERVICES_TRAINER_OPTIM_ADAMW_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/model/parameter_map.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

enum class AdamWForm { kTorch, kTransformers };

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  AdamWForm form = AdamWForm::kTorch;
};

// A job's settings, with its defaults filled in.
AdamWOptions ToAdamWOptions(const v1::OptimizerSettings& settings);

// False for biases and norms, which transformers' Trainer leaves out of the decay.
bool TakesWeightDecay(std::string_view parameter);

class AdamW {
 public:
  // The tensors are shared, contiguous f32; their order and names are those of the state.
  AdamW(std::vector<NamedTensor> parameters, const AdamWOptions& options);

  // One update from the gradients; a parameter without a gradient stays as it is.
  void Step(double learning_rate);
  void ZeroGrad();

  const std::vector<NamedTensor>& parameters() const { return parameters_; }
  int64_t steps() const { return steps_; }

  // Both moments, "exp_avg.<name>" and "exp_avg_sq.<name>"; for checkpoints, with steps().
  std::vector<NamedTensor> State() const;
  absl::Status LoadState(const ParameterMap& state, int64_t steps);

 private:
  struct Moments {
    at::Tensor mean;    // of the gradient
    at::Tensor square;  // of its square
  };

  std::vector<NamedTensor> parameters_;
  std::vector<Moments> moments_;
  AdamWOptions options_;
  int64_t steps_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_OPTIM_ADAMW_H_
