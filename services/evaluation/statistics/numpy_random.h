// The draws of numpy's legacy generator that resampling needs: np.random.seed(s), then
// np.random.choice(np.arange(n), size=n), or np.random.randint(0, 2**32, dtype=np.uint32), number
// for number.
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_NUMPY_RANDOM_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_NUMPY_RANDOM_H_

#include <cstdint>
#include <random>
#include <vector>

namespace tact::statistics {

// MT19937 (Matsumoto & Nishimura 1998), seeded by Knuth's recurrence, which std::mt19937 shares
// with np.random.seed. Numbers below n are the low bits of a draw, drawn again while they are n or
// more: numpy's masked rejection, which RandomState keeps for the sake of old results.
class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed) : engine_(seed) {}

  // Uniform in 0 ... n - 1, for 1 <= n < 2^32; of n = 1 nothing is drawn.
  uint32_t Below(uint32_t n);
  // n numbers below n, with replacement.
  std::vector<uint32_t> Choice(uint32_t n);
  // 32 fair bits.
  uint32_t Bits() { return static_cast<uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_NUMPY_RANDOM_H_
