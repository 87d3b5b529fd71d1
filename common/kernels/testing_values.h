// Numbers for the tests of this folder.
#ifndef TACT_COMMON_KERNELS_TESTING_VALUES_H_
#define TACT_COMMON_KERNELS_TESTING_VALUES_H_

#include <cstdint>
#include <random>
#include <vector>

namespace tact {

// n draws from a normal distribution around 0.
inline std::vector<float> Random(int64_t n, uint32_t seed, float deviation = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> out(static_cast<size_t>(n));
  for (float& x : out) x = normal(generator);
  return out;
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_TESTING_VALUES_H_
