#include "services/evaluation/statistics/differences.h"

#include <algorithm>
#include <cmath>

namespace tact::statistics {

Differences Standing(std::span<const double> differences) {
  std::vector<double> plain(differences.begin(), differences.end());
  std::sort(plain.begin(), plain.end());
  std::vector<double> mirror;
  for (auto it = plain.rbegin(); it != plain.rend(); ++it) mirror.push_back(-*it);
  if (mirror < plain) return {std::move(mirror), true};
  return {std::move(plain), false};
}

std::vector<double> NonzeroSizes(std::span<const double> differences) {
  std::vector<double> sizes;
  for (const double difference : differences) {
    if (difference != 0) sizes.push_back(std::abs(difference));
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace tact::statistics
