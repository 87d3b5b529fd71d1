#include "common/model/embedding_table.h"

#include <algorithm>
#include <vector>

#include "common/base/status.h"
#include "common/kernels/bf16.h"
#include "common/kernels/int8_codes.h"
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

EmbeddingTable::EmbeddingTable(int64_t rows, int64_t columns, WeightType type)
    : type_(type), columns_(columns) {
  const auto size = static_cast<size_t>(rows * columns);
  switch (type) {
    case WeightType::kF32:
      floats_ = WeightArray<float>(size);
      break;
    case WeightType::kBF16:
      halves_ = WeightArray<uint16_t>(size);
      break;
    case WeightType::kInt8:
      codes_ = WeightArray<int8_t>(size);
      scales_ = WeightArray<float>(static_cast<size_t>(rows));
      break;
  }
}

void EmbeddingTable::Narrow(int64_t first, std::span<const float> rows) {
  if (type_ == WeightType::kBF16) {
    std::ranges::transform(rows, halves_.data() + first * columns_, ToBf16);
    return;
  }
  for (size_t at = 0; at < rows.size(); at += static_cast<size_t>(columns_), ++first) {
    scales_.data()[first] =
        QuantizeWeights(rows.data() + at, columns_, codes_.data() + first * columns_);
  }
}

absl::StatusOr<EmbeddingTable> EmbeddingTable::Read(StackedTensors& table, WeightType type) {
  EmbeddingTable out(table.rows(), table.row_size(), type);
  ForEachPiece(table.rows(), [&](int64_t first, int64_t count) {
    if (type == WeightType::kF32) {
      table.Read(first, count, out.floats_.data() + first * out.columns_);
      return;
    }
    std::vector<float> rows(static_cast<size_t>(count * out.columns_));
    table.Read(first, count, rows.data());
    out.Narrow(first, rows);
  });
  RETURN_IF_ERROR(table.status());
  return out;
}

void EmbeddingTable::CopyRow(int64_t row, float* out) const {
  const int64_t first = row * columns_;
  switch (type_) {
    case WeightType::kF32:
      std::copy_n(floats_.data() + first, columns_, out);
      break;
    case WeightType::kBF16:
      std::transform(halves_.data() + first, halves_.data() + first + columns_, out, FromBf16);
      break;
    case WeightType::kInt8: {
      const float scale = scales_.data()[row];
      std::transform(codes_.data() + first, codes_.data() + first + columns_, out,
                     [scale](int8_t code) { return scale * static_cast<float>(code); });
      break;
    }
  }
}

}  // namespace tact
