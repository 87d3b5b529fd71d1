#include "common/text/added_vocabulary.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <utility>

#include "common/text/utf8.h"

namespace tact {
namespace {

// White_Space, which is `\s` to the crate's regular expressions (Python's isspace has four more).
bool IsSpace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }

// `\w` of the crate's regular expressions.
bool IsWord(char32_t c) {
  const auto code_point = static_cast<UChar32>(c);
  const uint32_t category = U_GET_GC_MASK(code_point);
  return u_hasBinaryProperty(code_point, UCHAR_ALPHABETIC) ||
         u_hasBinaryProperty(code_point, UCHAR_JOIN_CONTROL) ||
         (category & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

// Where the last character of text[0, end) begins.
size_t Before(std::string_view text, size_t end) {
  size_t start = end - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return start;
}

char32_t CharacterAt(std::string_view text, size_t at) { return NextCodePoint(text, &at); }

size_t SpaceStart(std::string_view text, size_t end, size_t least) {
  while (end > least && IsSpace(CharacterAt(text, Before(text, end)))) end = Before(text, end);
  return end;
}

size_t SpaceEnd(std::string_view text, size_t at) {
  for (size_t next = at; at < text.size(); at = next) {
    if (!IsSpace(NextCodePoint(text, &next))) break;
  }
  return at;
}

bool IsSingleWord(std::string_view text, size_t start, size_t stop) {
  return (start == 0 || !IsWord(CharacterAt(text, Before(text, start)))) &&
         (stop == text.size() || !IsWord(CharacterAt(text, stop)));
}

}  // namespace

int32_t AddedVocabulary::TokenToId(std::string_view token) const {
  const auto found = ids_.find(token);
  return found != ids_.end() ? found->second : find_(token);
}

const std::string* AddedVocabulary::IdToToken(int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second.content;
}

int32_t AddedVocabulary::Register(const AddedToken& token) {
  int32_t id = TokenToId(token.content);
  if (id < 0) {
    id = model_size_ + size();
    ids_.emplace(token.content, id);
  }
  by_id_.insert_or_assign(id, token);
  return id;
}

void AddedVocabulary::AddSpecial(const AddedToken& token) {
  if (token.content.empty()) return;
  if (special_contents_.insert(token.content).second) special_.push_back(token);
  Register(token);
}

void AddedVocabulary::AddPlain(const std::string& content) {
  if (content.empty()) return;
  const AddedToken token{content, false, false, /*normalized=*/true, /*single_word=*/false};
  const bool is_new = TokenToId(content) < 0;
  Register(token);
  if (is_new) plain_.push_back(token);
}

void AddedVocabulary::Finish(const std::function<std::string(std::string_view)>& normalize) {
  for (const auto* tokens : {&special_, &plain_}) {
    for (const auto& token : *tokens) {
      std::string content = token.normalized ? normalize(token.content) : token.content;
      if (content.empty()) continue;
      auto& patterns = token.normalized ? normalized_ : raw_;
      const auto first = static_cast<unsigned char>(content[0]);
      patterns[first].push_back({std::move(content), TokenToId(token.content)});
    }
  }
  for (auto* patterns : {&raw_, &normalized_}) {
    for (auto& bucket : *patterns) {
      std::stable_sort(bucket.begin(), bucket.end(), [](const Pattern& a, const Pattern& b) {
        return a.content.size() > b.content.size();
      });
    }
  }
}

const AddedVocabulary::Pattern* AddedVocabulary::Match(const Patterns& patterns,
                                                       std::string_view text) {
  for (const auto& pattern : patterns[static_cast<unsigned char>(text[0])]) {
    if (text.starts_with(pattern.content)) return &pattern;
  }
  return nullptr;
}

std::vector<AddedVocabulary::Part> AddedVocabulary::Split(const Patterns& patterns,
                                                          std::string_view text) const {
  std::vector<Part> parts;
  size_t done = 0;  // what lies before is in `parts`
  for (size_t at = 0; at < text.size();) {
    const Pattern* pattern = Match(patterns, text.substr(at));
    if (pattern == nullptr) {
      ++at;
      continue;
    }
    size_t start = at, stop = at + pattern->content.size();
    at = stop;
    const AddedToken& token = by_id_.at(pattern->id);
    if (token.single_word && !IsSingleWord(text, start, stop)) continue;
    if (token.lstrip) start = std::max(done, SpaceStart(text, start, done));
    if (token.rstrip) stop = SpaceEnd(text, stop);
    if (done < start) parts.push_back({text.substr(done, start - done), -1});
    parts.push_back({text.substr(start, stop - start), pattern->id});
    done = stop;
  }
  if (done < text.size()) parts.push_back({text.substr(done), -1});
  return parts;
}

}  // namespace tact
