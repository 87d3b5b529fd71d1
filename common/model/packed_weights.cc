#include "common/model/packed_weights.h"

#include <algorithm>

#include "common/base/status.h"
#include "common/kernels/threads.h"

namespace tact {

absl::StatusOr<std::vector<float>> ReadAll(StackedTensors& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.rows() * tensor.row_size()));
  tensor.Read(0, tensor.rows(), values.data());
  RETURN_IF_ERROR(tensor.status());
  return values;
}

absl::StatusOr<WeightArray<float>> ReadTable(StackedTensors& table) {
  constexpr int64_t kRows = 128;  // at a time
  const int64_t rows = table.rows(), columns = table.row_size();
  WeightArray<float> values(static_cast<size_t>(rows * columns));
  ParallelFor((rows + kRows - 1) / kRows, [&](int64_t piece) {
    const int64_t first = piece * kRows;
    table.Read(first, std::min(kRows, rows - first), values.data() + first * columns);
  });
  RETURN_IF_ERROR(table.status());
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
