#include "services/evaluation/statistics/numpy_random.h"

#include <bit>

namespace tact::statistics {

uint32_t NumpyRandom::Below(uint32_t n) {
  const uint32_t greatest = n - 1;
  if (greatest == 0) return 0;
  const uint32_t mask = ~uint32_t{0} >> std::countl_zero(greatest);
  uint32_t value;
  do {
    value = static_cast<uint32_t>(engine_()) & mask;
  } while (value > greatest);
  return value;
}

std::vector<uint32_t> NumpyRandom::Choice(uint32_t n) {
  std::vector<uint32_t> out(n);
  for (uint32_t& value : out) value = Below(n);
  return out;
}

}  // namespace tact::statistics
