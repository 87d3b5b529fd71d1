#include "tests/bench/engine/arrivals.h"

#include <cmath>

#include "tests/bench/engine/prompts.h"

namespace tact::bench {

std::vector<Arrival> PoissonArrivals(const MixedWork& work, double rate) {
  std::vector<Arrival> out;
  Ids random(work.seed);
  double at = 0;
  for (int64_t i = 0; i < work.requests; ++i) {
    const double gap = -std::log1p(-random.NextUnit());  // of rate 1
    at += gap / rate;
    const int64_t prompt = random.Next(work.prompt_tokens.min, work.prompt_tokens.max);
    const int64_t fresh = random.Next(work.new_tokens.min, work.new_tokens.max);
    out.push_back({at, prompt, fresh});
  }
  return out;
}

size_t BatchEnd(std::span<const Arrival> arrivals, size_t begin, double now, int64_t most) {
  size_t end = begin + 1;
  while (end < arrivals.size() && static_cast<int64_t>(end - begin) < most &&
         arrivals[end].at <= now) {
    ++end;
  }
  return end;
}

}  // namespace tact::bench
