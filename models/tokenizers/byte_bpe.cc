#include "models/tokenizers/byte_bpe.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "models/tokenizers/json_files.h"
#include "models/tokenizers/pretokenize.h"

namespace tact::tokenizers {
namespace {

using Pair = std::pair<std::string, std::string>;
using PairCounts = std::map<Pair, size_t>;

struct Word {
  std::vector<std::string> symbols;
  size_t count = 0;
};

std::vector<Word> CountWords(const std::vector<std::string>& corpus) {
  std::map<std::string_view, size_t> counts;
  for (const std::string& line : corpus) {
    for (std::string_view word : PreTokenize(line)) ++counts[word];
  }
  std::vector<Word> words;
  for (const auto& [text, count] : counts) {
    Word word{{}, count};
    for (char c : text) word.symbols.push_back(ByteSymbol(static_cast<unsigned char>(c)));
    words.push_back(std::move(word));
  }
  return words;
}

PairCounts CountPairs(const std::vector<Word>& words) {
  PairCounts counts;
  for (const Word& word : words) {
    for (size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      counts[{word.symbols[i], word.symbols[i + 1]}] += word.count;
    }
  }
  return counts;
}

void Merge(const Pair& pair, Word& word) {
  std::vector<std::string> merged;
  for (size_t i = 0; i < word.symbols.size(); ++i) {
    const bool here = i + 1 < word.symbols.size() && word.symbols[i] == pair.first &&
                      word.symbols[i + 1] == pair.second;
    merged.push_back(here ? pair.first + pair.second : word.symbols[i]);
    i += here;
  }
  word.symbols = std::move(merged);
}

// GPT-2's order of the 256 bytes: the printable ones first.
std::vector<std::string> StartVocabulary() {
  std::vector<std::string> tokens = {"<s>", "<pad>", "</s>", "<unk>"};
  std::vector<std::string> shifted;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string& symbol = ByteSymbol(static_cast<unsigned char>(byte));
    const bool printable = symbol.size() == 1 || static_cast<unsigned char>(symbol[0]) < 0xC4;
    (printable ? tokens : shifted).push_back(symbol);
  }
  tokens.insert(tokens.end(), shifted.begin(), shifted.end());
  return tokens;
}

}  // namespace

ByteBpe TrainByteBpe(const std::vector<std::string>& corpus, size_t vocabulary_size) {
  ByteBpe bpe{StartVocabulary(), {}};
  std::vector<Word> words = CountWords(corpus);
  while (bpe.vocabulary.size() + 1 < vocabulary_size) {
    const PairCounts counts = CountPairs(words);
    const auto best =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;
    for (Word& word : words) Merge(best->first, word);
    bpe.vocabulary.push_back(best->first.first + best->first.second);
    bpe.merges.push_back(best->first);
  }
  bpe.vocabulary.push_back("<mask>");
  return bpe;
}

void WriteByteBpe(const ByteBpe& bpe, const std::filesystem::path& folder) {
  nlohmann::ordered_json ids;
  for (size_t i = 0; i < bpe.vocabulary.size(); ++i) ids[bpe.vocabulary[i]] = i;
  WriteFile(folder / "vocab.json", ids.dump() + "\n");
  std::string merges = "#version: 0.2\n";
  for (const auto& [left, right] : bpe.merges) merges += left + " " + right + "\n";
  WriteFile(folder / "merges.txt", merges);
}

}  // namespace tact::tokenizers
