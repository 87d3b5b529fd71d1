// A small random generator whose sequence is the same on every machine and standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tact::datasets {

// SplitMix64 (Steele, Lea, Flood 2014). The distributions of <random> differ between standard
// libraries, and a data set has to be the same everywhere, so they are not used.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // In [0, n); n > 0.
  size_t Below(size_t n) { return static_cast<size_t>(Next() % n); }

  // True with the given probability.
  bool Chance(double probability) {
    return static_cast<double>(Next() >> 11) * 0x1.0p-53 < probability;
  }

  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace tact::datasets
