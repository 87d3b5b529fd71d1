#include "common/model/packed_weights.h"

#include "common/base/status.h"

namespace tact {

absl::StatusOr<std::vector<float>> ReadAll(StackedTensors& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.rows() * tensor.row_size()));
  tensor.Read(0, tensor.rows(), values.data());
  RETURN_IF_ERROR(tensor.status());
  return values;
}

absl::StatusOr<PackedLinear> PackWeight(StackedTensors& weight, const float* bias,
                                        WeightType type) {
  PackedLinear linear(
      [&weight](int64_t first, int64_t count, float* rows) { weight.Read(first, count, rows); },
      bias, weight.rows(), weight.row_size(), type);
  RETURN_IF_ERROR(weight.status());
  return linear;
}

}  // namespace tact
