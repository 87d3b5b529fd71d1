// Weights for inference from a checkpoint's tensors, read and packed on the compute threads.
#ifndef TACT_COMMON_MODEL_PACKED_WEIGHTS_H_
#define TACT_COMMON_MODEL_PACKED_WEIGHTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/model/stacked_tensors.h"

namespace tact {

// Errors are those of StackedTensors::status().

// All of it, [rows, row_size].
absl::StatusOr<std::vector<float>> ReadAll(StackedTensors& tensor);

// y = x W^T + bias, where W [rows, row_size] is held as `type`; bias [rows] or null.
absl::StatusOr<PackedLinear> PackWeight(StackedTensors& weight, const float* bias, WeightType type);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_PACKED_WEIGHTS_H_
