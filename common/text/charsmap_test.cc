#include "common/text/charsmap.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/text/grapheme.h"
#include "common/text/sentencepiece_proto.h"

namespace tact {
namespace {

using Words = std::vector<std::string>;

Words Graphemes(const std::string& text) {
  Words out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = GraphemeEnd(text, at);
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

TEST(Grapheme, FollowsUnicode15) {
  const std::vector<Words> cases = {
      {"a", "b", " ", "c"},
      {"e\u0301", "x\u0301\u0302"},
      {"\r\n", "\n", "\r", "\u0301", "a"},
      {"\u1100\u1161\u11a8", "\u1100"},            // Hangul L V T
      {"\uac00\u11a8", "\uac01\u11a8", "\u1161"},  // LV T, LVT T
      {"\u0915\u094d", "\u0937\u093f"},            // no conjuncts, which came later
      {"\u0600a", "b"},                            // Prepend
      {"\U0001F1E9\U0001F1EA", "\U0001F1EB\U0001F1F7", "\U0001F1EE"},
      {"\U0001F469\u200d\U0001F469\u200d\U0001F466", "\U0001F466"},
      {"\U0001F44D\U0001F3FD", "a\u200d", "\U0001F44D"},  // a modifier; ZWJ behind a letter
  };
  for (const auto& want : cases) {
    std::string text;
    for (const auto& part : want) text += part;
    EXPECT_EQ(Graphemes(text), want) << text;
  }
}

std::string Model() {
  std::ifstream file("testdata/t5/spiece.model", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Texts as Tokenizer.normalizer.normalize_str of the crate gave them, before it joins spaces.
TEST(Charsmap, NormalizesGraphemeByGrapheme) {
  const auto proto = ParseSentencePieceProto(Model(), "m").value();
  const auto charsmap = Charsmap::Parse(proto.charsmap, "m").value();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Ann asks.", "Ann asks."},
      {"\uFF21\u3000\u00a0\t|", "A   |"},
      {"\uFB01ve", "five"},
      {"\uFB01\u0301 x", "fi x"},  // the mark is lost with its grapheme
      {"e\u0301", "\u00e9"},
      {"e\u0301\u0301", "\u00e9"},                     // five bytes: whole, by its shortest key
      {"e\u0301\u0301\u0301", "e\u0301\u0301\u0301"},  // seven: character by character
      {"\x01\x02", ""},
      {std::string("a\0b", 3), std::string("a\0b", 3)},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(charsmap.Normalize(text), want) << text;
  EXPECT_EQ(Charsmap().Normalize("\uFF21"), "\uFF21");
}

TEST(Charsmap, RefusesDamagedTables) {
  const std::string units(1024, '\0');
  const std::string size("\0\x04\0\0", 4);
  EXPECT_TRUE(Charsmap::Parse(size + units + std::string("a\0", 2), "m").ok());
  const std::string outside = units.substr(4) + std::string("\xFF\xFF\xFF\x7F", 4);
  const std::string value = units.substr(4) + std::string("\x02\0\0\x80", 4);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ab", "needs more"},
      {size, "needs more"},
      {size + units, "needs more"},
      {size + units + "a", "has bad replacements"},
      {size + units + std::string("\xFF\0", 2), "has bad replacements"},
      {size + outside + std::string("a\0", 2), "leads outside"},
      {size + value + std::string("a\0", 2), "leads outside"},
  };
  for (const auto& [bytes, want] : cases) {
    const auto got = Charsmap::Parse(bytes, "m");
    ASSERT_FALSE(got.ok()) << want;
    EXPECT_NE(got.status().message().find(want), std::string::npos) << got.status();
    EXPECT_EQ(got.status().message().find("m: not a sentencepiece model"), 0u) << got.status();
  }
}

TEST(SentencePieceProto, ReadsAndRefuses) {
  const std::string piece("\x0A\x08\x0A\x01\x61\x15\0\0\x80\xBF", 10);  // {"a", -1}
  const auto proto = ParseSentencePieceProto(piece + std::string("\x12\x02\x18\x02", 4), "m");
  ASSERT_TRUE(proto.ok()) << proto.status();
  EXPECT_EQ(proto->pieces[0].text, "a");
  EXPECT_EQ(proto->pieces[0].score, -1);
  EXPECT_EQ(proto->model_type, 2);
  const std::string nan("\x0A\x08\x0A\x01\x61\x15\0\0\xC0\x7F", 10);
  const std::string unknown = piece + std::string("\x12\x03\xC0\x02\x07", 5);  // unk_id: 7
  for (const std::string& bad :
       {std::string(), piece.substr(0, 9), std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"),
        nan, unknown, std::string("\x0A\x03\x0A\x01\xFF", 5), std::string("\x0B", 1)}) {
    const auto got = ParseSentencePieceProto(bad, "m");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.status().message().find("m: not a sentencepiece model"), 0u) << got.status();
  }
}

}  // namespace
}  // namespace tact
