#include "services/evaluation/statistics/distinct.h"

#include <string>
#include <unordered_set>

namespace tact::statistics {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

// Words hold no white space, so a space between them keeps n-grams apart.
std::string JoinWords(std::span<const std::string_view> words) {
  std::string joined;
  for (const std::string_view word : words) {
    joined += word;
    joined += ' ';
  }
  return joined;
}

}  // namespace

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  size_t first = text.find_first_not_of(kWhiteSpace);
  while (first != std::string_view::npos) {
    const size_t end = text.find_first_of(kWhiteSpace, first);
    words.push_back(text.substr(first, end - first));
    first = text.find_first_not_of(kWhiteSpace, end);
  }
  return words;
}

double DistinctN(std::span<const std::string_view> texts, size_t n) {
  std::unordered_set<std::string> distinct;
  size_t total = 0;
  for (const std::string_view text : texts) {
    const std::vector<std::string_view> words = SplitWords(text);
    for (size_t i = 0; i + n <= words.size(); ++i, ++total) {
      distinct.insert(JoinWords(std::span(words).subspan(i, n)));
    }
  }
  return total == 0 ? 0 : static_cast<double>(distinct.size()) / static_cast<double>(total);
}

}  // namespace tact::statistics
