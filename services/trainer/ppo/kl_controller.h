// The coefficient of the KL penalty over the steps of a PPO job.
#ifndef TACT_SERVICES_TRAINER_PPO_KL_CONTROLLER_H_
#define TACT_SERVICES_TRAINER_PPO_KL_CONTROLLER_H_

#include <algorithm>

namespace tact {

// Adaptive controller of Ziegler et al. 2019 ("Fine-Tuning Language Models from Human Preferences",
// section 2.2), as trl 0.4.2 has it; fixed where `adaptive` is false.
//   coef <- coef (1 + clip(kl / target - 1, -0.2, 0.2) n / horizon)
class KlController {
 public:
  struct Options {
    double initial = 0.2;
    bool adaptive = true;
    double target = 6.0;
    double horizon = 10000.0;
  };

  explicit KlController(const Options& options) : options_(options), coef_(options.initial) {}

  double coef() const { return coef_; }
  void set_coef(double coef) { coef_ = coef; }  // from a checkpoint

  // `kl`: mean over the batch of a response's summed KL; `samples`: responses of the batch.
  void Update(double kl, double samples) {
    if (!options_.adaptive) return;
    const double error = std::clamp(kl / options_.target - 1.0, -0.2, 0.2);
    coef_ *= 1.0 + error * samples / options_.horizon;
  }

 private:
  Options options_;
  double coef_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_KL_CONTROLLER_H_
