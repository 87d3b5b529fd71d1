#include "common/text/unigram.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tact {
namespace {

using Words = std::vector<std::string>;

struct Pieces {
  Words texts = {"<unk>"};
  std::vector<double> scores = {0};
  void Add(const std::string& text, double score) {
    texts.push_back(text);
    scores.push_back(score);
  }
};

Words Cut(const Pieces& pieces, const std::string& word) {
  Words texts;
  TokenList tokens{{}, &texts};
  Unigram(pieces.texts, pieces.scores, 0).Append(word, &tokens);
  return texts;
}

TEST(PieceTrie, FindsAllPrefixesShortestFirst) {
  const Words pieces = {"b", "abc", "", "a", "ab\xFF", "ab", "a"};
  const PieceTrie trie(pieces);
  std::vector<std::pair<size_t, int32_t>> found;
  trie.ForEachPrefix("abcd", [&](size_t length, int32_t id) { found.emplace_back(length, id); });
  EXPECT_EQ(found, (std::vector<std::pair<size_t, int32_t>>{{1, 6}, {2, 5}, {3, 1}}));
  EXPECT_EQ(trie.Find("ab\xFF"), 4);
  EXPECT_EQ(trie.Find("abcd"), -1);
  EXPECT_EQ(trie.Find(""), -1);
}

// The example in the documentation of the crate.
TEST(Unigram, BestSumWins) {
  Pieces pieces;
  for (const char* letter : {"a", "b", "c", "d"}) pieces.Add(letter, 0);
  pieces.Add("cd", 1);
  pieces.Add("ab", 2);
  pieces.Add("abc", 5);
  pieces.Add("abcd", 10);
  EXPECT_EQ(Cut(pieces, "abcdacdxx"), (Words{"abcd", "a", "cd", "xx"}));
  EXPECT_EQ(Cut(pieces, ""), Words{});
}

TEST(Unigram, TiesGoToThePieceThatStartsFurtherLeft) {
  Pieces pieces;
  pieces.Add("a", -1);
  pieces.Add("aa", -1);
  EXPECT_EQ(Cut(pieces, "aaa"), (Words{"a", "aa"}));
  EXPECT_EQ(Cut(pieces, "aaaa"), (Words{"aa", "aa"}));
}

TEST(Unigram, UnknownCharactersFuse) {
  Pieces pieces;
  pieces.Add("a", -1);
  pieces.Add("\u00e9a", -50);
  EXPECT_EQ(Cut(pieces, "xy\u4e00aza"), (Words{"xy\u4e00", "a", "z", "a"}));
  EXPECT_EQ(Cut(pieces, "<unk>a"), (Words{"<unk>", "a"}));
  // A bad piece is still better than the unknown character, which costs ten more than it.
  EXPECT_EQ(Cut(pieces, "\u00e9a"), (Words{"\u00e9a"}));
  Unigram unigram(pieces.texts, pieces.scores, 0);
  TokenList tokens;
  unigram.Append("xya<unk>", &tokens);
  EXPECT_EQ(tokens.ids, (std::vector<int32_t>{0, 1, 0}));
}

// As json.loads(Tokenizer.from_file(...).to_str()) gave them for these scores.
TEST(Unigram, ScoresFromJsonAreRoundedAsTheReferenceDoes) {
  EXPECT_EQ(ScoreFromJson(-7.3418965339660645F), -7.341896533966064);
  EXPECT_EQ(ScoreFromJson(-9.011566162109375F), -9.011566162109377);
  EXPECT_EQ(ScoreFromJson(-9.011383056640625F), -9.011383056640623);
  EXPECT_EQ(ScoreFromJson(-3.1566810607910156F), double{-3.1566810607910156F});
  EXPECT_EQ(ScoreFromJson(0), 0);
  EXPECT_EQ(ScoreFromJson(-100), -100);
  EXPECT_EQ(ScoreFromJson(1e30F), double{1e30F});
  EXPECT_EQ(ScoreFromJson(1e-30F), double{1e-30F});
}

}  // namespace
}  // namespace tact
