// Token ids that need no tokenizer and that a peer in another language makes too
// (peers/common.py): a linear congruential generator.
#ifndef TACT_TESTS_BENCH_ENGINE_PROMPTS_H_
#define TACT_TESTS_BENCH_ENGINE_PROMPTS_H_

#include <cstdint>
#include <vector>

#include "tests/bench/engine/workload.h"

namespace tact::bench {

// Ids are below this, so that every model's vocabulary has them.
inline constexpr uint64_t kPromptIds = 900;

// x <- 6364136223846793005 x + 1442695040888963407 mod 2^64 (Knuth's MMIX); gives the upper bits.
class Ids {
 public:
  explicit Ids(uint64_t seed) : state_(seed) {}
  // Uniform in [min, max], up to the remainder's bias.
  int64_t Next(int64_t min, int64_t max);
  double NextUnit();  // [0, 1)

 private:
  uint64_t NextBits();  // 31 of them
  uint64_t state_;
};

// The seed of prompt or text `index` of a work.
inline uint64_t PromptSeed(uint64_t seed, int64_t index) {
  return seed * 1000003 + static_cast<uint64_t>(index);
}

// `tokens` ids of T5, the end token 1 last.
std::vector<int32_t> T5Prompt(uint64_t seed, int64_t tokens);
// `tokens` ids of RoBERTa, from <s> 0 to </s> 2.
std::vector<int32_t> RobertaText(uint64_t seed, int64_t tokens);

std::vector<std::vector<int32_t>> Prompts(const GenerationCase& work);
// The length of text i is the first number of the generator that then, anew, makes its ids.
std::vector<std::vector<int32_t>> Texts(const ClassificationCase& work);

}  // namespace tact::bench

#endif  // TACT_TESTS_BENCH_ENGINE_PROMPTS_H_
