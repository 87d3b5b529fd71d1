#include "services/evaluation/statistics/sign_flip.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "services/evaluation/statistics/differences.h"
#include "services/evaluation/statistics/numpy_random.h"

namespace tact::statistics {
namespace {

constexpr size_t kBits = 32;

// Sums that are equal on paper differ by rounding, at most by this share of all sizes.
constexpr double kRounding = 1e-10;

// A table, since a branch on random bits is guessed wrong every other time.
constexpr double kSigns[] = {1, -1};

// Adds up to 32 sizes, minus where a bit is set, the lowest bit first.
double SignedSum(std::span<const double> sizes, uint32_t bits) {
  double sum = 0;
  for (const double size : sizes) {
    sum += kSigns[bits & 1] * size;
    bits >>= 1;
  }
  return sum;
}

double DrawnSum(std::span<const double> sizes, NumpyRandom& random) {
  double sum = 0;
  for (size_t first = 0; first < sizes.size(); first += kBits) {
    const std::span<const double> rest = sizes.subspan(first);
    sum += SignedSum(rest.first(std::min(kBits, rest.size())), random.Bits());
  }
  return sum;
}

SignFlipResult CountAll(std::span<const double> sizes, double least) {
  const uint32_t patterns = uint32_t{1} << sizes.size();
  uint32_t hits = 0;
  for (uint32_t bits = 0; bits < patterns; ++bits) {
    hits += std::abs(SignedSum(sizes, bits)) >= least;
  }
  return {static_cast<double>(hits) / patterns, true, patterns};
}

SignFlipResult Draw(std::span<const double> sizes, double least, const SignFlipOptions& options) {
  NumpyRandom random(options.seed);
  uint32_t hits = 0;
  for (uint32_t i = 0; i < options.permutations; ++i) {
    hits += std::abs(DrawnSum(sizes, random)) >= least;
  }
  return {(1.0 + hits) / (1.0 + options.permutations), false, options.permutations};
}

}  // namespace

SignFlipResult SignFlipTest(std::span<const double> differences, const SignFlipOptions& options) {
  const std::vector<double> sizes = NonzeroSizes(differences);
  const std::vector<double> standing = Standing(differences).values;
  const double all = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  const double found = std::abs(std::accumulate(standing.begin(), standing.end(), 0.0));
  const double least = found - kRounding * all;
  const bool few = sizes.size() < kBits && (uint64_t{1} << sizes.size()) <= options.permutations;
  // Without any difference there is one pattern: p is 1.
  return few || sizes.empty() ? CountAll(sizes, least) : Draw(sizes, least, options);
}

}  // namespace tact::statistics
