// Generalised advantage estimation (Schulman et al. 2016), as trl 0.4.2 computes it.
#ifndef TACT_SERVICES_TRAINER_PPO_GAE_H_
#define TACT_SERVICES_TRAINER_PPO_GAE_H_

#include <ATen/core/Tensor.h>

namespace tact {

//   delta_t = r_t + gamma v_{t+1} - v_t,  A_t = delta_t + gamma lambda A_{t+1},  v and A are 0 at
// the end. rewards and values [batch, time] f32, 0 where the mask is 0. -> advantages [batch,
// time].
at::Tensor GeneralizedAdvantages(const at::Tensor& rewards, const at::Tensor& values, double gamma,
                                 double lambda);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_GAE_H_
