// Rows of an embedding for inference: f32, or bfloat16 where the linears are held narrower too.
#ifndef TACT_COMMON_MODEL_EMBEDDING_TABLE_H_
#define TACT_COMMON_MODEL_EMBEDDING_TABLE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/kernels/weight_memory.h"
#include "common/model/stacked_tensors.h"

namespace tact {

class EmbeddingTable {
 public:
  // All of `table`, on the compute threads; f32 for WeightType::kF32. Errors are those of
  // StackedTensors::status().
  static absl::StatusOr<EmbeddingTable> Read(StackedTensors& table, WeightType type);

  void CopyRow(int64_t row, float* out /*[columns]*/) const;

 private:
  EmbeddingTable(StackedTensors& table, WeightType type);

  int64_t columns_;
  WeightArray<float> floats_;     // [rows, columns], or
  WeightArray<uint16_t> halves_;  // the same
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_EMBEDDING_TABLE_H_
