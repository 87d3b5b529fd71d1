// What happens to gradients between backward and the optimiser's step.
#ifndef TACT_SERVICES_TRAINER_OPTIM_GRADIENTS_H_
#define TACT_SERVICES_TRAINER_OPTIM_GRADIENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/model/parameter_map.h"

namespace tact {

// The L2 norm of all gradients together, as torch.nn.utils.clip_grad_norm_ computes it: the norm of
// the norms. Above `max_norm` every gradient is scaled by max_norm / (norm + 1e-6); 0 clips
// nothing. Returns the norm before. A NaN or Inf is INTERNAL, names the first tensor that has one,
// and leaves the gradients as they are: the caller must not step.
absl::StatusOr<double> ClipGradients(const std::vector<NamedTensor>& parameters, double max_norm);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_OPTIM_GRADIENTS_H_
