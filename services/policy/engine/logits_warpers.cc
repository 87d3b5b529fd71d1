#include "services/policy/engine/logits_warpers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "common/kernels/ops.h"

namespace tact {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

int64_t Size(std::span<const float> values) { return static_cast<int64_t>(values.size()); }

// What is below the k-th greatest goes; ties with it stay.
void KeepTopK(std::span<float> scores, int64_t k, WarperScratch& scratch) {
  if (k <= 0 || k >= Size(scores)) return;
  scratch.values.assign(scores.begin(), scores.end());
  const auto kth = scratch.values.begin() + (k - 1);
  std::nth_element(scratch.values.begin(), kth, scratch.values.end(), std::greater<>());
  for (float& score : scores) score = score < *kth ? kMinusInfinity : score;
}

std::span<float> Probabilities(std::span<const float> scores, WarperScratch& scratch) {
  scratch.probabilities.assign(scores.begin(), scores.end());
  Softmax(scratch.probabilities.data(), nullptr, Size(scores));
  return scratch.probabilities;
}

// Ids in the order of `before`, sorted only as far as they are read.
class LazyOrder {
 public:
  LazyOrder(size_t count, std::vector<int32_t>& order) : order_(order) {
    order_.resize(count);
    std::iota(order_.begin(), order_.end(), 0);
  }
  template <typename Before>
  int32_t At(size_t rank, const Before& before) {
    if (rank >= sorted_) {
      const size_t end = std::min(order_.size(), std::max<size_t>(64, sorted_ * 8));
      std::partial_sort(order_.begin() + sorted_, order_.begin() + end, order_.end(), before);
      sorted_ = end;
    }
    return order_[rank];
  }
  std::span<const int32_t> From(size_t rank) const { return std::span(order_).subspan(rank); }

 private:
  std::vector<int32_t>& order_;
  size_t sorted_ = 0;
};

// A token stays while the more likely ones together are below p. Among equals the greater id comes
// first; in the reference an unstable sort decides between them.
void KeepTopP(std::span<float> scores, double p, WarperScratch& scratch) {
  if (p >= 1.0) return;
  const std::span<const float> probabilities = Probabilities(scores, scratch);
  const auto more_likely = [&](int32_t a, int32_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a > b;
  };
  LazyOrder order(scores.size(), scratch.order);
  // What is left is compared with 1 - p, as in the reference: near p = 1 the rounding matters.
  double left = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  size_t kept = 0;
  while (kept < scores.size() && (kept == 0 || left > 1 - p)) {
    left -= probabilities[order.At(kept++, more_likely)];
  }
  for (const int32_t id : order.From(kept)) scores[id] = kMinusInfinity;
}

// Tokens stay whose information is nearest to the entropy, until their mass reaches p; ties with
// the last of them stay.
void KeepTypical(std::span<float> scores, float p, WarperScratch& scratch) {
  if (p >= 1.0f) return;
  const std::span<const float> probabilities = Probabilities(scores, scratch);
  // In the order of the reference's log_softmax, so that near ties round the same way.
  const float max = *std::ranges::max_element(scores);
  const float log_sum = LogSumExp(scores.data(), Size(scores)) - max;
  const auto logprob = [&](size_t i) { return (scores[i] - max) - log_sum; };
  double entropy = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (probabilities[i] > 0) entropy -= double{probabilities[i]} * logprob(i);
  }
  std::vector<float>& distance = scratch.values;
  distance.resize(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    distance[i] = std::abs(-logprob(i) - static_cast<float>(entropy));
  }
  const auto nearer = [&](int32_t a, int32_t b) {
    return distance[a] != distance[b] ? distance[a] < distance[b] : a < b;
  };
  LazyOrder order(scores.size(), scratch.order);
  double mass = 0;
  size_t rank = 0;
  for (; rank + 1 < scores.size(); ++rank) {
    mass += probabilities[order.At(rank, nearer)];
    if (static_cast<float>(mass) >= p) break;
  }
  const float farthest = distance[order.At(rank, nearer)];
  for (size_t i = 0; i < scores.size(); ++i) {
    if (distance[i] > farthest) scores[i] = kMinusInfinity;
  }
}

}  // namespace

void WarpLogits(const WarperOptions& options, std::span<float> scores, WarperScratch& scratch) {
  if (options.temperature != 1.0f) {
    for (float& score : scores) score /= options.temperature;
  }
  KeepTopK(scores, options.top_k, scratch);
  KeepTopP(scores, options.top_p, scratch);
  KeepTypical(scores, options.typical_p, scratch);
}

}  // namespace tact
