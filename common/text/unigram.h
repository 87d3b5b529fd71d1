// The unigram language model of Kudo 2018: of all ways to cut a word into pieces of the vocabulary,
// the one with the greatest sum of scores. As the crate tokenizers 0.13 finds it: sums in f64 from
// left to right; of equal sums the piece that starts further left wins; a character that is no
// piece costs ten more than the worst piece; neighbouring unknown characters are one token.
#ifndef TACT_COMMON_TEXT_UNIGRAM_H_
#define TACT_COMMON_TEXT_UNIGRAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/text/piece_trie.h"
#include "common/text/token_list.h"

namespace tact {

class Unigram {
 public:
  // `pieces` with their scores, by id; `unk_id` is one of them.
  Unigram(std::vector<std::string> pieces, std::vector<double> scores, int32_t unk_id);

  // Appends the tokens of a word, which is UTF-8. Linear in its length.
  void Append(std::string_view word, TokenList* out) const;

  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }
  int32_t Find(std::string_view piece) const { return trie_.Find(piece); }  // -1 if unknown
  const std::string& piece(int32_t id) const { return pieces_[static_cast<size_t>(id)]; }

 private:
  // The best way to reach a place of the word.
  struct Step {
    double score = 0;
    int32_t start = -1;  // where its last token begins; -1: not reached yet
    int32_t id = 0;
  };
  std::vector<Step> BestSteps(std::string_view word) const;

  std::vector<std::string> pieces_;
  std::vector<double> scores_;
  PieceTrie trie_;
  int32_t unk_id_;
  double unk_score_;
};

// A score as the fast tokenizer reads it from tokenizer.json. Its parser (serde_json without
// float_roundtrip) makes a double of all digits and divides by a power of ten, and so may miss the
// written number by some units in the last place: enough to tip a tie.
double ScoreFromJson(float score);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_UNIGRAM_H_
