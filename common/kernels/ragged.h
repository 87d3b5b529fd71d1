// Sequences that stand one after another without padding: how many of them are computed together.
#ifndef TACT_COMMON_KERNELS_RAGGED_H_
#define TACT_COMMON_KERNELS_RAGGED_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace tact {

// Products are no faster with more rows, and what lies between two of them is 45 KB a token at the
// shape of T5-base: with so many it stays in the caches.
inline constexpr int64_t kTokensAtOnce = 512;

// The number of items from the front that have up to kTokensAtOnce tokens together, at least one of
// them; tokens(item) is an item's number.
template <typename Item, typename Tokens>
size_t CountTogether(std::span<const Item> items, const Tokens& tokens) {
  size_t count = 0;
  for (int64_t sum = 0; count < items.size(); ++count) {
    sum += tokens(items[count]);
    if (count > 0 && sum > kTokensAtOnce) break;
  }
  return count;
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_RAGGED_H_
