// Special tokens written inside a text: which there are, and how the slow tokenizers cut the text
// around them (the fast ones: added_vocabulary.h). Follows PreTrainedTokenizer.tokenize of
// transformers 4.27.2.
#ifndef TACT_COMMON_TEXT_SPECIAL_TOKENS_H_
#define TACT_COMMON_TEXT_SPECIAL_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tact {

// A token that is never split. To the slow tokenizers a plain str eats the white space on both
// sides, to the fast ones on none; Python's AddedToken objects say which side they eat. Only the
// fast ones heed the last two.
struct AddedToken {
  std::string content;
  bool lstrip = true;  // eats white space on its left
  bool rstrip = true;
  bool normalized = false;   // looked for in the normalized text
  bool single_word = false;  // only where no letter stands beside it
};

// Python's SPECIAL_TOKENS_ATTRIBUTES, in its order (tokens that the vocabulary lacks get ids in
// it).
enum TokenRole : size_t { kBos, kEos, kUnk, kSep, kPad, kCls, kMask, kRoleCount };

struct SpecialTokens {
  std::array<std::optional<AddedToken>, kRoleCount> named;
  std::vector<AddedToken> additional;

  // Named ones, then additional ones; each content once, the first wins.
  std::vector<AddedToken> All() const;
};

// Cuts a text at its special tokens: the leftmost first, and of those the longest. Python's Trie
// does the same unless one token is a proper part of another's inside, which no model has.
class SpecialTokenSplitter {
 public:
  struct Part {
    std::string_view text;  // lent from the argument of Split; never empty
    bool special;
  };

  explicit SpecialTokenSplitter(std::vector<AddedToken> tokens);
  std::vector<Part> Split(std::string_view text) const;

 private:
  const AddedToken* Match(std::string_view text) const;

  std::array<std::vector<AddedToken>, 256> by_first_byte_;  // each longest first
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_SPECIAL_TOKENS_H_
