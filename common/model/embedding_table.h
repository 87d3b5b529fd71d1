// Rows of an embedding for inference, held as narrow as the linears are: f32, bfloat16, or int8
// with a scale for each row.
#ifndef TACT_COMMON_MODEL_EMBEDDING_TABLE_H_
#define TACT_COMMON_MODEL_EMBEDDING_TABLE_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/kernels/weight_memory.h"
#include "common/model/stacked_tensors.h"

namespace tact {

class EmbeddingTable {
 public:
  // All of `table`, on the compute threads. Errors are those of StackedTensors::status().
  static absl::StatusOr<EmbeddingTable> Read(StackedTensors& table, WeightType type);

  void CopyRow(int64_t row, float* out /*[columns]*/) const;

 private:
  EmbeddingTable(int64_t rows, int64_t columns, WeightType type);
  void Narrow(int64_t first, std::span<const float> rows);

  WeightType type_;
  int64_t columns_;
  // [rows, columns] of one type
  WeightArray<float> floats_;
  WeightArray<uint16_t> halves_;
  WeightArray<int8_t> codes_;
  WeightArray<float> scales_;  // [rows], of codes_
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_EMBEDDING_TABLE_H_
