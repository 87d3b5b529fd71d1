#include "common/model/embedding_table.h"

#include <algorithm>
#include <vector>

#include "common/base/status.h"
#include "common/kernels/bf16.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

constexpr int64_t kRows = 128;  // read at a time

// read(first, count) for all rows, in pieces.
template <typename ReadRows>
void ForEachPiece(int64_t rows, const ReadRows& read) {
  ParallelFor((rows + kRows - 1) / kRows, [&](int64_t piece) {
    const int64_t first = piece * kRows;
    read(first, std::min(kRows, rows - first));
  });
}

}  // namespace

EmbeddingTable::EmbeddingTable(StackedTensors& table, WeightType type)
    : columns_(table.row_size()) {
  const auto size = static_cast<size_t>(table.rows() * columns_);
  if (type == WeightType::kF32) {
    floats_ = WeightArray<float>(size);
    ForEachPiece(table.rows(), [&](int64_t first, int64_t count) {
      table.Read(first, count, floats_.data() + first * columns_);
    });
    return;
  }
  halves_ = WeightArray<uint16_t>(size);
  ForEachPiece(table.rows(), [&](int64_t first, int64_t count) {
    std::vector<float> rows(static_cast<size_t>(count * columns_));
    table.Read(first, count, rows.data());
    std::ranges::transform(rows, halves_.data() + first * columns_, ToBf16);
  });
}

absl::StatusOr<EmbeddingTable> EmbeddingTable::Read(StackedTensors& table, WeightType type) {
  EmbeddingTable out(table, type);
  RETURN_IF_ERROR(table.status());
  return out;
}

void EmbeddingTable::CopyRow(int64_t row, float* out) const {
  const int64_t first = row * columns_;
  if (floats_.size() > 0) {
    std::copy_n(floats_.data() + first, columns_, out);
  } else {
    std::transform(halves_.data() + first, halves_.data() + first + columns_, out, FromBf16);
  }
}

}  // namespace tact
