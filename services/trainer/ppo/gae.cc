#include "services/trainer/ppo/gae.h"

#include <ATen/ops/empty_like.h>

namespace tact {

at::Tensor GeneralizedAdvantages(const at::Tensor& rewards, const at::Tensor& values, double gamma,
                                 double lambda) {
  const at::Tensor r = rewards.contiguous(), v = values.contiguous();
  at::Tensor out = at::empty_like(r);
  const int64_t batch = r.size(0), time = r.size(1);
  const float g = static_cast<float>(gamma), gl = static_cast<float>(gamma * lambda);
  for (int64_t b = 0; b < batch; ++b) {
    const float* reward = r.data_ptr<float>() + b * time;
    const float* value = v.data_ptr<float>() + b * time;
    float* advantage = out.data_ptr<float>() + b * time;
    float next_value = 0.0f, next_advantage = 0.0f;
    for (int64_t t = time - 1; t >= 0; --t) {
      const float delta = reward[t] + g * next_value - value[t];
      next_advantage = delta + gl * next_advantage;
      next_value = value[t];
      advantage[t] = next_advantage;
    }
  }
  return out;
}

}  // namespace tact
