// Copying values between sets of named tensors, in place, with a check of names and shapes.
#ifndef TACT_COMMON_MODEL_COPY_WEIGHTS_H_
#define TACT_COMMON_MODEL_COPY_WEIGHTS_H_

#include "absl/status/status.h"
#include "common/model/parameter_map.h"

namespace tact {

// Fills every tensor of `target` from the one of that name in `source`. Nothing is written if a
// name is missing or a shape differs; further names in `source` are let be.
absl::Status CopyParameters(const ParameterMap& target, const ParameterMap& source);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_COPY_WEIGHTS_H_
