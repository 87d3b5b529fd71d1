#include "services/trainer/supervised/token_batch.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace tact {

TokenBatch MakeTokenBatch(std::span<const std::vector<int32_t>* const> rows, int64_t fill,
                          size_t at_least) {
  size_t time = at_least;
  for (const auto* row : rows) time = std::max(time, row->size());
  const auto batch = static_cast<int64_t>(rows.size()), width = static_cast<int64_t>(time);
  TokenBatch out{at::full({batch, width}, fill, at::kLong), at::zeros({batch, width}, at::kFloat)};
  int64_t* ids = out.ids.data_ptr<int64_t>();
  float* mask = out.mask.data_ptr<float>();
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i]->begin(), rows[i]->end(), ids + i * time);
    std::fill_n(mask + i * time, rows[i]->size(), 1.0f);
  }
  return out;
}

}  // namespace tact
