// Tokens that stand beside a model's vocabulary and are found in the text before the model sees it,
// as AddedVocabulary of the crate tokenizers 0.13 does it.
//
// Against the slow tokenizers (special_tokens.h): a token written as a plain string strips no white
// space; tokens that are not special are looked for only where the vocabulary lacks them; and
// "normalized" tokens are looked for in the normalized text, so that another spelling finds them.
#ifndef TACT_COMMON_TEXT_ADDED_VOCABULARY_H_
#define TACT_COMMON_TEXT_ADDED_VOCABULARY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/base/strings.h"
#include "common/text/special_tokens.h"
#include "common/text/string_map.h"

namespace tact {

class AddedVocabulary {
 public:
  using Find = std::function<int32_t(std::string_view)>;  // the model's id, -1 if it has none

  // New tokens get the ids from `model_size` on.
  AddedVocabulary(int32_t model_size, Find find)
      : model_size_(model_size), find_(std::move(find)) {}

  // Of a content that is added twice the flags of the last one count, but for `normalized`.
  void AddSpecial(const AddedToken& token);
  void AddPlain(const std::string& content);
  // Once all are there; `normalize` is what the tokenizer does to a text.
  void Finish(const std::function<std::string(std::string_view)>& normalize);

  struct Part {
    std::string_view text;  // lent from the argument of Split; with the white space that it eats
    int32_t id;             // -1: plain text
  };
  std::vector<Part> SplitRaw(std::string_view text) const { return Split(raw_, text); }
  std::vector<Part> SplitNormalized(std::string_view text) const {
    return Split(normalized_, text);
  }

  int32_t TokenToId(std::string_view token) const;  // -1 if there is none, here or in the model
  const std::string* IdToToken(int32_t id) const;   // null if the id was never added
  bool IsSpecial(std::string_view token) const { return special_contents_.contains(ToAbsl(token)); }
  int32_t size() const { return static_cast<int32_t>(ids_.size()); }  // beyond the model's own

 private:
  struct Pattern {
    std::string content;
    int32_t id;
  };
  using Patterns = std::array<std::vector<Pattern>, 256>;  // by first byte, longest first

  int32_t Register(const AddedToken& token);
  std::vector<Part> Split(const Patterns& patterns, std::string_view text) const;
  static const Pattern* Match(const Patterns& patterns, std::string_view text);

  int32_t model_size_;
  Find find_;
  std::vector<AddedToken> special_, plain_;  // each content once
  absl::flat_hash_set<std::string> special_contents_;
  StringMap<int32_t> ids_;                          // of those that the model lacks
  absl::flat_hash_map<int32_t, AddedToken> by_id_;  // of all
  Patterns raw_, normalized_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_ADDED_VOCABULARY_H_
