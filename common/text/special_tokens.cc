#include "common/text/special_tokens.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/text/utf8.h"

namespace tact {

std::vector<AddedToken> SpecialTokens::All() const {
  std::vector<AddedToken> all;
  absl::flat_hash_set<std::string> seen;
  const auto add = [&](const AddedToken& token) {
    if (!token.content.empty() && seen.insert(token.content).second) all.push_back(token);
  };
  for (const auto& token : named) {
    if (token) add(*token);
  }
  for (const auto& token : additional) add(token);
  return all;
}

SpecialTokenSplitter::SpecialTokenSplitter(std::vector<AddedToken> tokens) {
  for (auto& token : tokens) {
    if (token.content.empty()) continue;
    by_first_byte_[static_cast<unsigned char>(token.content[0])].push_back(std::move(token));
  }
  for (auto& bucket : by_first_byte_) {
    std::stable_sort(bucket.begin(), bucket.end(), [](const AddedToken& a, const AddedToken& b) {
      return a.content.size() > b.content.size();
    });
  }
}

const AddedToken* SpecialTokenSplitter::Match(std::string_view text) const {
  for (const auto& token : by_first_byte_[static_cast<unsigned char>(text[0])]) {
    if (text.starts_with(token.content)) return &token;
  }
  return nullptr;
}

std::vector<SpecialTokenSplitter::Part> SpecialTokenSplitter::Split(std::string_view text) const {
  std::vector<Part> parts;
  size_t begin = 0;  // of the plain text not yet in `parts`
  bool eat_left = false;
  const auto flush = [&](size_t end, bool eat_right) {
    std::string_view plain = text.substr(begin, end - begin);
    if (eat_left) plain = StripLeft(plain);
    if (eat_right) plain = StripRight(plain);
    if (!plain.empty()) parts.push_back({plain, false});
  };
  for (size_t i = 0; i < text.size();) {
    const AddedToken* token = Match(text.substr(i));
    if (token == nullptr) {
      ++i;
      continue;
    }
    flush(i, token->lstrip);
    parts.push_back({text.substr(i, token->content.size()), true});
    i += token->content.size();
    begin = i;
    eat_left = token->rstrip;
  }
  flush(text.size(), false);
  return parts;
}

}  // namespace tact
