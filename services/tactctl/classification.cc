#include "services/tactctl/classification.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tact::ctl {

double Accuracy(std::span<const Judged> judged) {
  if (judged.empty()) return 0;
  const auto right = std::count_if(judged.begin(), judged.end(), [](const Judged& item) {
    return (item.toxicity >= 0.5) == item.toxic;
  });
  return static_cast<double>(right) / static_cast<double>(judged.size());
}

std::optional<double> AreaUnderCurve(std::span<const Judged> judged) {
  std::vector<Judged> sorted(judged.begin(), judged.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Judged& a, const Judged& b) { return a.toxicity < b.toxicity; });
  double positives = 0, rank_sum = 0;
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    double tied_positives = 0;
    for (; end < sorted.size() && sorted[end].toxicity == sorted[begin].toxicity; ++end) {
      tied_positives += sorted[end].toxic ? 1 : 0;
    }
    const double mean_rank = (static_cast<double>(begin + 1) + static_cast<double>(end)) / 2;
    rank_sum += tied_positives * mean_rank;
    positives += tied_positives;
    begin = end;
  }
  const double negatives = static_cast<double>(sorted.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nullopt;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

}  // namespace tact::ctl
