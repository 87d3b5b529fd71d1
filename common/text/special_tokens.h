// Special tokens written inside a text: which there are, and how the text is cut around them.
// Follows PreTrainedTokenizer.tokenize of transformers 4.27.2.
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

// A token that is never split. Python's plain str tokens eat the white space on both sides; its
// AddedToken objects say which side they eat.
struct AddedToken {
  std::string content;
  bool lstrip = true;  // eats white space on its left
  bool rstrip = true;
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
