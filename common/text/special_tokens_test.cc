#include "common/text/special_tokens.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tact {
namespace {

TEST(SpecialTokens, AllKeepsOrderAndDropsRepeats) {
  SpecialTokens tokens;
  tokens.named[kPad] = AddedToken{"<pad>"};
  tokens.named[kBos] = AddedToken{"<s>"};
  tokens.named[kCls] = AddedToken{"<s>"};
  tokens.additional = {{"<x>"}, {"<pad>"}, {""}};
  std::vector<std::string> got;
  for (const auto& token : tokens.All()) got.push_back(token.content);
  EXPECT_EQ(got, (std::vector<std::string>{"<s>", "<pad>", "<x>"}));
}

// Parts as text; special ones in brackets.
std::vector<std::string> Split(const SpecialTokenSplitter& splitter, std::string_view text) {
  std::vector<std::string> out;
  for (const auto& part : splitter.Split(text)) {
    out.push_back(part.special ? "[" + std::string(part.text) + "]" : std::string(part.text));
  }
  return out;
}

TEST(SpecialTokenSplitter, CutsAndStrips) {
  const SpecialTokenSplitter splitter({{"<b>"},                // a plain string: both sides
                                       {"<m>", true, false},   // left only
                                       {"<n>", false, false},  // neither
                                       {"ab"},
                                       {"abc"}});
  struct Case {
    const char* text;
    std::vector<std::string> want;
    const char* why;
  };
  const std::vector<Case> cases = {
      {"", {}, "nothing"},
      {"  x  ", {"  x  "}, "no token, no stripping"},
      {"x  <b>\n y", {"x", "[<b>]", "y"}, "both sides"},
      {"x <m> y", {"x", "[<m>]", " y"}, "left side"},
      {"x <n> y", {"x ", "[<n>]", " y"}, "no side"},
      {"x <n> <m>", {"x ", "[<n>]", "[<m>]"}, "the gap is stripped away"},
      {"<b><b>", {"[<b>]", "[<b>]"}, "neighbours"},
      {" <b> ", {"[<b>]"}, "only white space around"},
      {"<b", {"<b"}, "not whole"},
      {"xabcd", {"x", "[abc]", "d"}, "the longest wins"},
      {"xabd", {"x", "[ab]", "d"}, "the shorter where the longer is not there"},
      {"x\xE3\x80\x80<b>", {"x", "[<b>]"}, "Unicode white space"},
  };
  for (const auto& c : cases) EXPECT_EQ(Split(splitter, c.text), c.want) << c.why;
}

}  // namespace
}  // namespace tact
