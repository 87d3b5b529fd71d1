#include "services/trainer/supervised/batch_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/base/random.h"

namespace tact {
namespace {

constexpr size_t kPoolBatches = 50;

template <typename T>
void Shuffle(std::span<T> items, uint64_t key) {
  CounterRng rng(key);
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.Below(i)]);
}

}  // namespace

std::vector<uint32_t> Permutation(uint32_t n, uint64_t key) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  Shuffle<uint32_t>(order, key);
  return order;
}

uint64_t BatchesPerEpoch(uint64_t examples, uint32_t batch_size) {
  return (examples + batch_size - 1) / batch_size;
}

std::vector<Batch> PlanEpoch(std::span<const uint32_t> lengths, uint32_t batch_size, uint64_t seed,
                             uint64_t epoch) {
  const uint64_t key = MixKey(seed, epoch);
  std::vector<uint32_t> order = Permutation(static_cast<uint32_t>(lengths.size()), key);
  const size_t pool = kPoolBatches * batch_size;
  for (size_t begin = 0; begin < order.size(); begin += pool) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last =
        order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + pool, order.size()));
    std::stable_sort(first, last, [&](uint32_t a, uint32_t b) { return lengths[a] > lengths[b]; });
  }
  std::vector<Batch> batches;
  for (size_t begin = 0; begin < order.size(); begin += batch_size) {
    const size_t end = std::min(begin + batch_size, order.size());
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  const size_t whole = order.size() / batch_size;
  Shuffle(std::span<Batch>(batches.data(), whole), MixKey(key, 1));
  return batches;
}

}  // namespace tact
