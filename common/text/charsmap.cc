#include "common/text/charsmap.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/grapheme.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

constexpr size_t kWholeGraphemeBytes = 6;  // from here on character by character

absl::Status Damaged(std::string_view file, std::string_view found, std::string_view problem) {
  return FieldError(file, found, StrCat("not a sentencepiece model (its charsmap ", problem, ")"),
                    "copy the model's spiece.model again");
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

absl::StatusOr<Charsmap> Charsmap::Parse(std::string_view bytes, std::string_view file) {
  Charsmap out;
  if (bytes.empty()) return out;
  uint32_t trie_bytes = 0;  // little-endian, as all machines tact runs on
  if (bytes.size() > sizeof(trie_bytes)) std::memcpy(&trie_bytes, bytes.data(), sizeof(trie_bytes));
  bytes.remove_prefix(std::min(bytes.size(), sizeof(trie_bytes)));
  if (trie_bytes == 0 || trie_bytes >= bytes.size()) {
    return Damaged(file, StrCat(bytes.size(), " bytes"), StrCat("needs more than ", trie_bytes));
  }
  out.trie_ = DoubleArray(bytes.substr(0, trie_bytes));
  out.replacements_ = std::string(bytes.substr(trie_bytes));
  if (FindInvalidUtf8(out.replacements_) != std::string_view::npos ||
      out.replacements_.back() != '\0') {
    return Damaged(file, StrCat(out.replacements_.size(), " bytes"), "has bad replacements");
  }
  if (!out.trie_.IsClosed(static_cast<uint32_t>(out.replacements_.size()))) {
    return Damaged(file, StrCat(trie_bytes, " bytes"), "has a trie that leads outside");
  }
  return out;
}

std::optional<std::string_view> Charsmap::Replacement(std::string_view chunk) const {
  const auto at = trie_.ShortestPrefix(chunk);
  if (!at || *at >= replacements_.size() || IsContinuation(replacements_[*at])) return std::nullopt;
  const std::string_view rest = std::string_view(replacements_).substr(*at);
  return rest.substr(0, rest.find('\0'));
}

void Charsmap::AppendByCharacter(std::string_view grapheme, std::string* out) const {
  for (size_t at = 0; at < grapheme.size();) {
    const size_t begin = at;
    NextCodePoint(grapheme, &at);
    const std::string_view character = grapheme.substr(begin, at - begin);
    out->append(Replacement(character).value_or(character));
  }
}

std::string Charsmap::Normalize(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t end = GraphemeEnd(text, at);
    const std::string_view grapheme = text.substr(at, end - at);
    at = end;
    const auto whole = grapheme.size() < kWholeGraphemeBytes ? Replacement(grapheme) : std::nullopt;
    if (whole) {
      out.append(*whole);
    } else {
      AppendByCharacter(grapheme, &out);
    }
  }
  return out;
}

}  // namespace tact
