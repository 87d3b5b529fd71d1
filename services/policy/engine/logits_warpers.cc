#include "services/policy/engine/logits_warpers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "common/kernels/ops.h"
#include "common/kernels/row_scan.h"

namespace tact {
namespace {

int64_t Size(std::span<const float> values) { return static_cast<int64_t>(values.size()); }

// A row of which some is left: at first all, as given; then a shorter copy in the scratch.
class Row {
 public:
  Row(std::span<const float> all, WarperScratch& scratch) : scores_(all), scratch_(scratch) {}

  std::span<const float> scores() const { return scores_; }
  int64_t size() const { return Size(scores_); }
  float* Work(int64_t size) { return Grown(scratch_.values, size); }
  int32_t* Order() { return Grown(scratch_.order, size()); }

  std::span<const float> Probabilities() {
    scratch_.probabilities.assign(scores_.begin(), scores_.end());
    Softmax(scratch_.probabilities.data(), nullptr, size());
    return scratch_.probabilities;
  }

  // `positions` in this row ascend.
  void Keep(std::span<const int32_t> positions) {
    const size_t count = positions.size();
    int32_t* ids = Grown(scratch_.ids, static_cast<int64_t>(count));
    float* scores = Grown(scratch_.scores, static_cast<int64_t>(count));
    for (size_t i = 0; i < count; ++i) {
      ids[i] = all_ ? positions[i] : ids[positions[i]];
      scores[i] = scores_[positions[i]];
    }
    scores_ = {scores, count};
    all_ = false;
  }

  KeptScores Result() {
    if (all_) {
      int32_t* order = Order();
      std::iota(order, order + size(), 0);
      Keep({order, scores_.size()});
    }
    return {std::span(scratch_.ids).first(scores_.size()), scores_};
  }

 private:
  template <typename T>
  static T* Grown(std::vector<T>& buffer, int64_t size) {
    if (std::ssize(buffer) < size) buffer.resize(static_cast<size_t>(size));
    return buffer.data();
  }

  std::span<const float> scores_;
  bool all_ = true;
  WarperScratch& scratch_;
};

// What is below the k-th greatest goes; ties with it stay.
void KeepTopK(Row& row, int64_t k) {
  if (k <= 0 || k >= row.size()) return;
  const std::span<const float> scores = row.scores();
  const float bound = TopBound(scores.data(), row.size(), k, row.Work(TopBoundWork(row.size())));
  int32_t* order = row.Order();
  const int64_t found = IndicesAtLeast(scores.data(), row.size(), bound, order);
  float* values = row.Work(found);
  for (int64_t i = 0; i < found; ++i) values[i] = scores[order[i]];
  std::nth_element(values, values + k - 1, values + found, std::greater<>());
  const float kth = values[k - 1];
  const auto end =
      std::remove_if(order, order + found, [&](int32_t at) { return scores[at] < kth; });
  row.Keep({order, end});
}

// Positions in the order of `before`, sorted only as far as they are read.
class LazyOrder {
 public:
  explicit LazyOrder(std::span<int32_t> order) : order_(order) {}

  size_t size() const { return order_.size(); }
  template <typename Before>
  int32_t At(size_t rank, const Before& before) {
    if (rank >= sorted_) {
      const size_t end = std::min(order_.size(), std::max<size_t>(64, sorted_ * 8));
      std::partial_sort(order_.begin() + sorted_, order_.begin() + end, order_.end(), before);
      sorted_ = end;
    }
    return order_[rank];
  }

 private:
  std::span<int32_t> order_;
  size_t sorted_ = 0;
};

// A token stays while the more likely ones together are below p. Among equals the greater id comes
// first; in the reference an unstable sort decides between them.
void KeepTopP(Row& row, double p) {
  if (p >= 1.0) return;
  const std::span<const float> probabilities = row.Probabilities();
  const auto more_likely = [&](int32_t a, int32_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a > b;
  };
  // All tokens less likely than this make up half of what may go, so that none of them can stay.
  const auto least = static_cast<float>((1 - p) / (2.0 * static_cast<double>(row.size())));
  int32_t* positions = row.Order();
  const int64_t likely = IndicesAtLeast(probabilities.data(), row.size(), least, positions);
  LazyOrder order({positions, static_cast<size_t>(likely)});
  // What is left is compared with 1 - p, as in the reference: near p = 1 the rounding matters.
  double left = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  size_t kept = 0;
  while (kept < order.size() && (kept == 0 || left > 1 - p)) {
    left -= probabilities[order.At(kept++, more_likely)];
  }
  std::sort(positions, positions + kept);
  row.Keep({positions, kept});
}

// Tokens stay whose information is nearest to the entropy, until their mass reaches p; ties with
// the last of them stay.
void KeepTypical(Row& row, float p) {
  if (p >= 1.0f) return;
  const std::span<const float> scores = row.scores(), probabilities = row.Probabilities();
  // In the order of the reference's log_softmax, so that near ties round the same way.
  const float max = FindMax(scores.data(), row.size()).value;
  const float log_sum = LogSumExp(scores.data(), row.size()) - max;
  const auto logprob = [&](size_t i) { return (scores[i] - max) - log_sum; };
  double entropy = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (probabilities[i] > 0) entropy -= double{probabilities[i]} * logprob(i);
  }
  float* distance = row.Work(row.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    distance[i] = std::abs(-logprob(i) - static_cast<float>(entropy));
  }
  const auto nearer = [&](int32_t a, int32_t b) {
    return distance[a] != distance[b] ? distance[a] < distance[b] : a < b;
  };
  int32_t* positions = row.Order();
  std::iota(positions, positions + row.size(), 0);
  LazyOrder order({positions, scores.size()});
  double mass = 0;
  size_t rank = 0;
  for (; rank + 1 < scores.size(); ++rank) {
    mass += probabilities[order.At(rank, nearer)];
    if (static_cast<float>(mass) >= p) break;
  }
  const float farthest = distance[order.At(rank, nearer)];
  size_t kept = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (distance[i] <= farthest) positions[kept++] = static_cast<int32_t>(i);
  }
  row.Keep({positions, kept});
}

}  // namespace

void WarperScratch::Reserve(int64_t vocab) {
  const auto size = static_cast<size_t>(vocab);
  scores.reserve(size);
  probabilities.reserve(size);
  values.reserve(static_cast<size_t>(std::max(vocab, TopBoundWork(vocab))));
  ids.reserve(size);
  order.reserve(size);
}

void ApplyTemperature(float temperature, std::span<float> scores) {
  if (temperature == 1.0f) return;
  for (float& score : scores) score /= temperature;
}

KeptScores WarpLogits(const WarperOptions& options, std::span<float> scores,
                      WarperScratch& scratch) {
  ApplyTemperature(options.temperature, scores);
  Row row(scores, scratch);
  KeepTopK(row, options.top_k);
  KeepTopP(row, options.top_p);
  KeepTypical(row, options.typical_p);
  return row.Result();
}

}  // namespace tact
