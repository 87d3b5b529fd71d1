#include "common/text/byte_level_bpe.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/base/random.h"
#include "common/text/testing/model_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

TEST(ByteTokens, AreGpt2s) {
  EXPECT_EQ(ByteTokens()[' '], "\xC4\xA0");   // Ġ, U+0120
  EXPECT_EQ(ByteTokens()['\n'], "\xC4\x8A");  // Ċ, U+010A
  EXPECT_EQ(ByteTokens()['a'], "a");
  EXPECT_EQ(ByteTokens()[0xAD], "\xC5\x83");  // Ń, U+0143, the last one
  std::string all, joined;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
    joined += ByteTokens()[static_cast<size_t>(byte)];
  }
  EXPECT_EQ(BytesOfTokens(joined), all);
}

TEST(BpeVocabulary, ErrorsNameFileAndEntry) {
  EXPECT_EQ(ParseBpeVocabulary("{\"a\": 0, \"b\": 3}", "v.json")->tokens,
            (Words{"a", "", "", "b"}));
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "v.json: not a json object"},
      {"[1]", "v.json: not a json object"},
      {"{}", "v.json: not a json object"},
      {"{\"a\": -1}", "v.json: \"a\": an id must be a whole number"},
      {"{\"a\": 99999999999}", "v.json: \"a\""},
      {"{\"a\": \"0\"}", "v.json: \"a\""},
  };
  for (const auto& [json, want] : cases) {
    const auto got = ParseBpeVocabulary(json, "v.json");
    ASSERT_FALSE(got.ok()) << json;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(want));
  }
}

// A vocabulary of given tokens, numbered from 1; 0 is the unknown one.
BpeVocabulary Vocabulary(const Words& tokens) {
  BpeVocabulary out;
  out.tokens.push_back("<unk>");
  for (const auto& token : tokens) {
    out.ids.emplace(token, static_cast<int32_t>(out.tokens.size()));
    out.tokens.push_back(token);
  }
  return out;
}

Words Merged(const std::string& merges, const Words& vocabulary, const std::string& word,
             TokenizerFlavor flavor = kSlow) {
  const BpeVocabulary known = Vocabulary(vocabulary);
  const BytePairMerger merger(merges, known, 0, flavor);
  std::vector<int32_t> ids;
  merger.AppendIds(word, &ids);
  Words out;
  for (const int32_t id : ids) out.push_back(known.tokens[static_cast<size_t>(id)]);
  return out;
}

TEST(BytePairMerger, MergesByRank) {
  const Words vocabulary = {"a", "b", "c", "ab", "bc", "abc", "aa", "aaaa"};
  struct Case {
    const char* merges;
    const char* word;
    Words want;
    const char* why;
  };
  const std::vector<Case> cases = {
      {"#\nb c\na b\n", "abc", {"a", "bc"}, "the lower rank first"},
      {"#\na b\nb c\nab c\n", "abc", {"abc"}, "a merge of a merge"},
      {"#\na a\n", "aaa", {"aa", "a"}, "overlaps go to the left one"},
      {"#\na a\naa aa\n", "aaaaa", {"aaaa", "a"}, "and again"},
      {"a b\nb c\n", "abc", {"a", "bc"}, "the first line is left out, whatever it is"},
      {"#\nb c\na b", "ab", {"a", "b"}, "what no line end closes is left out"},
      {"#\r\na b\r\n", "ab", {"ab"}, "CRLF"},
      {"#\na b\nb c\na b\n", "abc", {"a", "bc"}, "a repeated pair has its last rank"},
      {"#\na b c\n\n a  b \n", "abc", {"ab", "c"}, "lines that are no pair; wide blanks"},
      {"#\na d\n", "ad", {"<unk>"}, "a merge that the vocabulary lacks"},
      {"#\n", "z", {"<unk>"}, "a byte that the vocabulary lacks"},
  };
  for (const auto& c : cases) EXPECT_EQ(Merged(c.merges, vocabulary, c.word), c.want) << c.why;
}

// Python's bpe(), word for word: in each round the pair of lowest rank, everywhere, from the left.
Words NaiveMerge(const std::map<std::pair<std::string, std::string>, int>& ranks, Words word) {
  while (word.size() > 1) {
    int best = -1;
    std::pair<std::string, std::string> pair;
    for (size_t i = 0; i + 1 < word.size(); ++i) {
      const auto found = ranks.find({word[i], word[i + 1]});
      if (found == ranks.end() || (best >= 0 && found->second >= best)) continue;
      best = found->second;
      pair = found->first;
    }
    if (best < 0) break;
    Words next;
    for (size_t i = 0; i < word.size(); ++i) {
      const bool here = i + 1 < word.size() && word[i] == pair.first && word[i + 1] == pair.second;
      next.push_back(here ? word[i] + word[i + 1] : word[i]);
      if (here) ++i;
    }
    word = next;
  }
  return word;
}

// Random merge tables, also such as no training makes (a product ranked before its parts).
TEST(BytePairMerger, EqualsTheNaiveLoop) {
  CounterRng rng(42);
  for (int round = 0; round < 200; ++round) {
    Words known = {"a", "b", "c"};
    std::string merges = "#\n";
    std::vector<std::pair<std::string, std::string>> pairs;
    for (int i = 0; i < 12; ++i) {
      const std::string left = known[rng.Below(known.size())];
      const std::string right = known[rng.Below(known.size())];
      pairs.emplace_back(left, right);
      known.push_back(left + right);
    }
    for (size_t i = pairs.size() - 1; i > 0; --i) std::swap(pairs[i], pairs[rng.Below(i + 1)]);
    std::map<std::pair<std::string, std::string>, int> ranks;
    for (size_t i = 0; i < pairs.size(); ++i) {
      merges += pairs[i].first + " " + pairs[i].second + "\n";
      ranks[pairs[i]] = static_cast<int>(i);
    }
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    std::string word;
    for (size_t i = 0; i < 1 + rng.Below(40); ++i) word.push_back("abc"[rng.Below(3)]);
    Words letters;
    for (const char c : word) letters.emplace_back(1, c);
    ASSERT_EQ(Merged(merges, known, word), NaiveMerge(ranks, letters)) << merges << word;
  }
}

TEST(BytePairMerger, LongWordsAreNotQuadratic) {
  const BpeVocabulary known = Vocabulary({"a", "aa"});
  const BytePairMerger merger("#\na a\n", known, 0, kFast);
  std::vector<int32_t> ids;
  merger.AppendIds(std::string(1'000'001, 'a'), &ids);  // the naive loop would take minutes
  EXPECT_EQ(ids.size(), 500'001u);
}

TEST(BytePairMerger, ManyThreadsShareTheCache) {
  const BpeVocabulary known = Vocabulary({"a", "b", "ab"});
  const BytePairMerger merger("#\na b\n", known, 0, kFast);
  std::vector<std::thread> threads;
  std::vector<std::vector<int32_t>> results(4);
  for (auto& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) merger.AppendIds(std::string(i % 50, 'a') + "b", &result);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace tact
