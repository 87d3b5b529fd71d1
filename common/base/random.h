// Counter-based random numbers: a value is a pure function of its key and counter, so a sample does
// not depend on what else is in the batch, and a resumed job draws what the first one would have.
// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#ifndef TACT_COMMON_BASE_RANDOM_H_
#define TACT_COMMON_BASE_RANDOM_H_

#include <array>
#include <cstdint>

namespace tact {

// Four 32-bit words for (key, counter).
std::array<uint32_t, 4> Philox(uint64_t key, uint64_t counter_high, uint64_t counter_low);

// Mixes words into one key (splitmix64 finaliser), for keys such as (seed, request, sample).
uint64_t MixKey(uint64_t a, uint64_t b);

// Uniform in [0, 1) with 53 bits, for (key, counter).
double UniformAt(uint64_t key, uint64_t counter);

// A stream of numbers whose whole state is two integers.
class CounterRng {
 public:
  explicit CounterRng(uint64_t key, uint64_t counter = 0) : key_(key), counter_(counter) {}
  double Uniform() { return UniformAt(key_, counter_++); }  // [0, 1)
  double Normal();                                          // mean 0, standard deviation 1
  uint64_t Below(uint64_t bound);                           // uniform in [0, bound), bound > 0
  uint64_t key() const { return key_; }
  uint64_t counter() const { return counter_; }

 private:
  uint64_t key_;
  uint64_t counter_;
};

}  // namespace tact

#endif  // TACT_COMMON_BASE_RANDOM_H_
