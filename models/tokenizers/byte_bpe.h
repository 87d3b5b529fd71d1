// Trains RoBERTa's tokenizer: byte-level byte-pair encoding (Sennrich et al. 2016, GPT-2).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tact::tokenizers {

struct ByteBpe {
  std::vector<std::string> vocabulary;  // id -> token: 4 specials, bytes, merges, <mask>
  std::vector<std::pair<std::string, std::string>> merges;  // in the order of their rank
};

// Merges the most frequent pair until the vocabulary has the wanted size or no pair occurs twice.
// Of equally frequent pairs the lexicographically first is merged, so the result is one.
ByteBpe TrainByteBpe(const std::vector<std::string>& corpus, size_t vocabulary_size);

// Writes vocab.json and merges.txt.
void WriteByteBpe(const ByteBpe& bpe, const std::filesystem::path& folder);

}  // namespace tact::tokenizers
