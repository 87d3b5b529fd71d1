#include "models/tokenizers/pretokenize.h"

#include <array>
#include <cctype>

namespace tact::tokenizers {
namespace {

enum class Kind { kLetter, kDigit, kSpace, kOther };

Kind KindOf(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 127 || std::isalpha(byte)) return Kind::kLetter;
  if (std::isdigit(byte)) return Kind::kDigit;
  return std::isspace(byte) ? Kind::kSpace : Kind::kOther;
}

size_t RunLength(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && KindOf(text[end]) == KindOf(text[from])) ++end;
  return end - from;
}

size_t ContractionLength(std::string_view text) {
  for (std::string_view suffix : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(suffix)) return suffix.size();
  }
  return 0;
}

// White space at the end of the text is one token; before a word its last character is left over,
// and is taken by the word if it is a blank.
size_t SpaceLength(std::string_view text) {
  const size_t run = RunLength(text, 0);
  if (run == text.size() || run == 1) return run;
  return run - 1;
}

size_t TokenLength(std::string_view text) {
  if (const size_t contraction = ContractionLength(text)) return contraction;
  if (KindOf(text[0]) != Kind::kSpace) return RunLength(text, 0);
  const bool blank_before_word =
      text[0] == ' ' && text.size() > 1 && KindOf(text[1]) != Kind::kSpace;
  return blank_before_word ? 1 + RunLength(text, 1) : SpaceLength(text);
}

std::string Utf8(unsigned code) {
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

bool IsPrintableLatin1(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<std::string, 256> MakeByteSymbols() {
  std::array<std::string, 256> symbols;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    symbols[byte] = Utf8(IsPrintableLatin1(byte) ? byte : next++);
  }
  return symbols;
}

}  // namespace

std::vector<std::string_view> PreTokenize(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t length = TokenLength(text);
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return words;
}

const std::string& ByteSymbol(unsigned char byte) {
  static const std::array<std::string, 256> symbols = MakeByteSymbols();
  return symbols[byte];
}

}  // namespace tact::tokenizers
