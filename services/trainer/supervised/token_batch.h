// Rows of token ids as tensors.
#ifndef TACT_SERVICES_TRAINER_SUPERVISED_TOKEN_BATCH_H_
#define TACT_SERVICES_TRAINER_SUPERVISED_TOKEN_BATCH_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

struct TokenBatch {
  at::Tensor ids;   // [batch, time] int64, padded on the right
  at::Tensor mask;  // [batch, time] f32, 1 = token, 0 = padding
};

// `fill` is what stands in padding: a pad id, or kIgnoreIndex for labels. Padded to the longest
// row, or to `at_least`.
TokenBatch MakeTokenBatch(std::span<const std::vector<int32_t>* const> rows, int64_t fill,
                          size_t at_least = 0);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SUPERVISED_TOKEN_BATCH_H_
