#include "common/text/pretokenize.h"

#include <unicode/uchar.h>

#include <array>
#include <cstddef>

#include "common/text/utf8.h"

namespace tact {
namespace {

enum class Kind { kSpace, kLetter, kNumber, kOther, kEnd };

Kind KindOf(char32_t c) {
  const auto code_point = static_cast<UChar32>(c);
  if (u_isUWhiteSpace(code_point)) return Kind::kSpace;
  const uint32_t category = U_GET_GC_MASK(code_point);
  if (category & U_GC_L_MASK) return Kind::kLetter;
  if (category & U_GC_N_MASK) return Kind::kNumber;
  return Kind::kOther;
}

Kind KindAt(std::string_view text, size_t at, size_t* next) {
  *next = at;
  if (at >= text.size()) return Kind::kEnd;
  return KindOf(NextCodePoint(text, next));
}

// Where the run of one kind that starts at `at` ends.
size_t RunEnd(std::string_view text, size_t at, Kind kind) {
  size_t next = at;
  while (KindAt(text, at, &next) == kind) at = next;
  return at;
}

// Length of a contraction at the start of `text`, 0 if there is none.
size_t Contraction(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kEndings = {"'s", "'t",  "'re", "'ve",
                                                               "'m", "'ll", "'d"};
  for (const auto ending : kEndings) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

// `\s+(?!\S)|\s+`: all of the run at the end of the text; else all but its last character, which
// the next word may take as its leading space; else that one character.
size_t SpaceEnd(std::string_view text, size_t at) {
  const size_t end = RunEnd(text, at, Kind::kSpace);
  if (end == text.size()) return end;
  size_t last = end - 1;
  while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
  return last > at ? last : end;
}

size_t WordEnd(std::string_view text, size_t at) {
  if (const size_t size = Contraction(text.substr(at)); size > 0) return at + size;
  const size_t body = text[at] == ' ' ? at + 1 : at;
  size_t next = 0;
  const Kind kind = KindAt(text, body, &next);
  if (kind != Kind::kSpace && kind != Kind::kEnd) return RunEnd(text, body, kind);
  return SpaceEnd(text, at);
}

}  // namespace

std::vector<std::string_view> PretokenizeGpt2(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = WordEnd(text, at);
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace tact
