#include "services/evaluation/statistics/wilcoxon.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "services/evaluation/statistics/differences.h"

namespace tact::statistics {
namespace {

// Mean rank of each size; equal sizes lie side by side.
std::vector<double> MidRanks(std::span<const double> sizes) {
  std::vector<double> ranks(sizes.size());
  for (size_t first = 0; first < sizes.size();) {
    size_t end = first;
    while (end < sizes.size() && sizes[end] == sizes[first]) ++end;
    // Ranks first + 1 to end.
    std::fill(ranks.begin() + static_cast<ptrdiff_t>(first),
              ranks.begin() + static_cast<ptrdiff_t>(end),
              static_cast<double>(first + 1 + end) / 2);
    first = end;
  }
  return ranks;
}

// P(W <= limit). Mean ranks are halves, so twice the ranks are whole: counts[s] is the number of
// subsets of the ranks whose doubled sum is s. At most 2^50, so doubles hold them exactly.
double ExactShare(std::span<const double> ranks, double limit) {
  std::vector<double> counts = {1};
  for (const double rank : ranks) {
    const auto twice = static_cast<size_t>(std::llround(2 * rank));
    counts.resize(counts.size() + twice, 0);
    for (size_t sum = counts.size() - 1; sum >= twice; --sum) counts[sum] += counts[sum - twice];
  }
  const auto last = static_cast<size_t>(std::llround(2 * limit));
  double below = 0;
  for (size_t sum = 0; sum <= last; ++sum) below += counts[sum];
  return below / std::exp2(static_cast<double>(ranks.size()));
}

// Σ (t³ - t) over groups of equal ranks.
double TieTerm(std::span<const double> ranks) {
  double term = 0;
  for (size_t first = 0; first < ranks.size();) {
    size_t end = first;
    while (end < ranks.size() && ranks[end] == ranks[first]) ++end;
    const auto t = static_cast<double>(end - first);
    term += t * t * t - t;
    first = end;
  }
  return term;
}

double NormalP(const SignedRanks& ranks) {
  const auto n = static_cast<double>(ranks.ranks.size());
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - TieTerm(ranks.ranks) / 48;
  const double z = (ranks.plus - n * (n + 1) / 4) / std::sqrt(variance);
  return std::erfc(std::abs(z) / std::numbers::sqrt2);
}

}  // namespace

SignedRanks RankDifferences(std::span<const double> differences) {
  const std::vector<double> sizes = NonzeroSizes(differences);
  SignedRanks out;
  out.ranks = MidRanks(sizes);
  for (const double difference : differences) {
    if (difference == 0) continue;
    const auto place = std::lower_bound(sizes.begin(), sizes.end(), std::abs(difference));
    // Halves add up exactly, in any order.
    (difference > 0 ? out.plus : out.minus) +=
        out.ranks[static_cast<size_t>(place - sizes.begin())];
  }
  return out;
}

WilcoxonResult WilcoxonTest(std::span<const double> differences) {
  WilcoxonResult result = {.ranks = RankDifferences(differences)};
  const SignedRanks& ranks = result.ranks;
  if (ranks.ranks.empty()) return result;
  result.exact = ranks.ranks.size() <= kMaxExactRanks;
  result.p = result.exact
                 ? std::min(1.0, 2 * ExactShare(ranks.ranks, std::min(ranks.plus, ranks.minus)))
                 : NormalP(ranks);
  return result;
}

}  // namespace tact::statistics
