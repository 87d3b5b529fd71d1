#include "services/evaluation/rouge/rouge_tokenizer.h"

#include <utility>

#include "services/evaluation/rouge/porter_stemmer.h"

namespace tact::rouge {
namespace {

constexpr size_t kLongestUnstemmed = 3;
constexpr std::string_view kKelvinSign = "\xE2\x84\xAA";  // U+212A, lower case "k"
constexpr std::string_view kDottedCapitalI = "\xC4\xB0";  // U+0130, lower case "i" + U+0307

// The next character as Python's lower() and the pattern [^a-z0-9] see it: a letter, a digit, or 0
// for a separator. The two characters above are the only ones beyond ASCII that become letters.
char NextLetter(std::string_view text, size_t* offset, bool* separator_follows) {
  const std::string_view rest = text.substr(*offset);
  *separator_follows = rest.starts_with(kDottedCapitalI);
  if (*separator_follows) {
    *offset += kDottedCapitalI.size();
    return 'i';
  }
  if (rest.starts_with(kKelvinSign)) {
    *offset += kKelvinSign.size();
    return 'k';
  }
  const char c = text[(*offset)++];
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool valid = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return valid ? c : '\0';
}

void AddWord(std::string& word, bool use_stemmer, Tokens& tokens) {
  if (word.empty()) return;
  const bool stem = use_stemmer && word.size() > kLongestUnstemmed;
  tokens.push_back(stem ? PorterStem(word) : word);
  word.clear();
}

}  // namespace

Tokens Tokenize(std::string_view text, bool use_stemmer) {
  Tokens tokens;
  std::string word;
  for (size_t offset = 0; offset < text.size();) {
    bool separator_follows = false;
    const char c = NextLetter(text, &offset, &separator_follows);
    if (c != '\0') word.push_back(c);
    if (c == '\0' || separator_follows) AddWord(word, use_stemmer, tokens);
  }
  AddWord(word, use_stemmer, tokens);
  return tokens;
}

}  // namespace tact::rouge
