#include "common/text/clean_up.h"

#include <array>
#include <utility>

#include "absl/strings/str_replace.h"

namespace tact {

std::string CleanUpTokenization(std::string text) {
  // One after the other: an earlier replacement may make room for a later one.
  static constexpr std::array<std::pair<const char*, const char*>, 10> kSteps = {{{" .", "."},
                                                                                  {" ?", "?"},
                                                                                  {" !", "!"},
                                                                                  {" ,", ","},
                                                                                  {" ' ", "'"},
                                                                                  {" n't", "n't"},
                                                                                  {" 'm", "'m"},
                                                                                  {" 's", "'s"},
                                                                                  {" 've", "'ve"},
                                                                                  {" 're", "'re"}}};
  for (const auto& [from, to] : kSteps) absl::StrReplaceAll({{from, to}}, &text);
  return text;
}

}  // namespace tact
