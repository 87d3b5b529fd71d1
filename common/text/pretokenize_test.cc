#include "common/text/pretokenize.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

TEST(PretokenizeGpt2, CutsAsTheRegex) {
  struct Case {
    const char* text;
    std::vector<std::string_view> want;
    const char* why;
  };
  const std::vector<Case> cases = {
      {"", {}, "nothing"},
      {"Hello world", {"Hello", " world"}, "a word takes the space before it"},
      {"a  b", {"a", " ", " b"}, "of two spaces the last goes to the word"},
      {"a   b", {"a", "  ", " b"}, "of three too"},
      {"a \n b", {"a", " \n", " b"}, "white space run, last space taken"},
      {"a\nb", {"a", "\n", "b"}, "only a space is taken, not a line end"},
      {"a\n\nb", {"a", "\n", "\n", "b"}, "so the last line end stands alone"},
      {"a  ", {"a", "  "}, "at the end the run is whole"},
      {" ", {" "}, "one space"},
      {"I'm they'll it's", {"I", "'m", " they", "'ll", " it", "'s"}, "contractions"},
      {"I'M", {"I", "'", "M"}, "in lower case only"},
      {" 's", {" '", "s"}, "not behind a space"},
      {"''s", {"''", "s"}, "not inside punctuation"},
      {"x2y 12", {"x", "2", "y", " 12"}, "letters and numbers part"},
      {"\xC2\xBD\xE2\x85\xA7", {"\xC2\xBD\xE2\x85\xA7"}, "No and Nl are numbers"},
      {"e\xCC\x81", {"e", "\xCC\x81"}, "a combining accent (Mn) is no letter"},
      {"\xE6\x97\xA5\xE6\x9C\xAC!", {"\xE6\x97\xA5\xE6\x9C\xAC", "!"}, "Lo are letters"},
      {"a\xC2\xA0\xC2\xA0"
       "b",
       {"a", "\xC2\xA0", "\xC2\xA0", "b"},
       "no-break space is white space"},
      {"a\xE2\x80\x8B"
       "b",
       {"a", "\xE2\x80\x8B", "b"},
       "zero-width space is not"},
      {"hi. :-) \xF0\x9F\x98\x80", {"hi", ".", " :-)", " \xF0\x9F\x98\x80"}, "other"},
  };
  for (const auto& c : cases) EXPECT_EQ(PretokenizeGpt2(c.text), c.want) << c.why;
}

}  // namespace
}  // namespace tact
