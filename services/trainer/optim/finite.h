// Numbers that ran away, before anybody builds on them.
#ifndef TACT_SERVICES_TRAINER_OPTIM_FINITE_H_
#define TACT_SERVICES_TRAINER_OPTIM_FINITE_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/model/parameter_map.h"

namespace tact {

// INTERNAL (NOT_FINITE) that names `what` unless the scalar is finite.
absl::Status CheckFinite(double value, std::string_view what);

// INTERNAL (NOT_FINITE) that names the first tensor with a NaN or an infinity.
absl::Status CheckFinite(const std::vector<NamedTensor>& tensors);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_OPTIM_FINITE_H_
