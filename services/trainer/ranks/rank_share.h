// Which items of a batch a rank takes.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_SHARE_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_SHARE_H_

#include <cstddef>
#include <span>

#include "services/trainer/ranks/rank_group.h"

namespace tact {

struct RankShare {
  size_t begin = 0;
  size_t size = 0;
};

// Neighbouring items; shares differ by one at most, and are empty where there are fewer items than
// ranks. Together they are every item once.
inline RankShare ShareOf(size_t items, size_t rank, size_t ranks) {
  const size_t begin = items * rank / ranks, end = items * (rank + 1) / ranks;
  return {begin, end - begin};
}

inline RankShare ShareOf(size_t items, const RankGroup& ranks) {
  return ShareOf(items, static_cast<size_t>(ranks.rank()), static_cast<size_t>(ranks.size()));
}

template <typename T>
std::span<const T> ShareOf(std::span<const T> items, const RankGroup& ranks) {
  const RankShare share = ShareOf(items.size(), ranks);
  return items.subspan(share.begin, share.size);
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_SHARE_H_
