// Paired permutation test (Fisher 1935): were before and after exchangeable within each pair, every
// sign of every difference would be as likely as the other.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_SIGN_FLIP_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_SIGN_FLIP_H_

#include <cstdint>
#include <span>

namespace tact::statistics {

struct SignFlipOptions {
  uint32_t permutations = 10000;  // at least 1
  uint32_t seed = 0;
};

struct SignFlipResult {
  double p = 1;               // two-sided, above 0, at most 1
  bool exact = true;          // every pattern was counted
  uint32_t permutations = 1;  // patterns that were looked at
};

// Hits: patterns of signs with |Σ ± |d|| >= |Σ d|, over the differences that are not 0. Where there
// are at most `permutations` patterns (2^n) each is counted once, p = hits / 2^n. Otherwise they
// are drawn, p = (1 + hits) / (1 + permutations) (Phipson & Smyth 2010): sizes ascending, signs
// from the low bits on of ceil(n / 32) draws of 32 bits for each pattern, a set bit is minus.
SignFlipResult SignFlipTest(std::span<const double> differences,
                            const SignFlipOptions& options = {});

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_SIGN_FLIP_H_
