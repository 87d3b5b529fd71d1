#include "tests/bench/engine/prompts.h"

namespace tact::bench {
namespace {

constexpr int64_t kLastId = kPromptIds - 1;

// Ids from `first` on, so that special tokens do not occur.
std::vector<int32_t> Fill(Ids ids, int64_t tokens, int64_t first) {
  std::vector<int32_t> out;
  for (int64_t i = 0; i < tokens; ++i) {
    out.push_back(static_cast<int32_t>(ids.Next(first, kLastId)));
  }
  return out;
}

}  // namespace

uint64_t Ids::NextBits() {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return state_ >> 33;
}

int64_t Ids::Next(int64_t min, int64_t max) {
  return min + static_cast<int64_t>(NextBits() % static_cast<uint64_t>(max - min + 1));
}

double Ids::NextUnit() { return static_cast<double>(NextBits()) / 2147483648.0; }

std::vector<int32_t> T5Prompt(uint64_t seed, int64_t tokens) {
  std::vector<int32_t> ids = Fill(Ids(seed), tokens, 3);
  ids.back() = 1;
  return ids;
}

std::vector<int32_t> RobertaText(uint64_t seed, int64_t tokens) {
  std::vector<int32_t> ids = Fill(Ids(seed), tokens, 5);
  ids.back() = 2;
  ids.front() = 0;
  return ids;
}

std::vector<std::vector<int32_t>> Prompts(const GenerationCase& work) {
  std::vector<std::vector<int32_t>> out;
  for (int64_t i = 0; i < work.batch; ++i) {
    out.push_back(T5Prompt(PromptSeed(work.seed, i), work.prompt_tokens));
  }
  return out;
}

std::vector<std::vector<int32_t>> Texts(const ClassificationCase& work) {
  std::vector<std::vector<int32_t>> out;
  for (int64_t i = 0; i < work.texts; ++i) {
    const uint64_t seed = PromptSeed(work.seed, i);
    out.push_back(RobertaText(seed, Ids(seed).Next(work.tokens.min, work.tokens.max)));
  }
  return out;
}

}  // namespace tact::bench
