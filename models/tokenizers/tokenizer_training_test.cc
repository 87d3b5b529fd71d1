#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "models/tokenizers/byte_bpe.h"
#include "models/tokenizers/corpus.h"
#include "models/tokenizers/json_files.h"
#include "models/tokenizers/pretokenize.h"
#include "models/tokenizers/unigram.h"

namespace tact::tokenizers {
namespace {

using Words = std::vector<std::string_view>;

TEST(PreTokenize, SplitsAsGpt2) {
  const struct {
    const char* text;
    Words words;
  } cases[] = {
      {"Ann asks Bob.", {"Ann", " asks", " Bob", "."}},
      {"it's 42!", {"it", "'s", " 42", "!"}},
      {"#Person1#: Hi", {"#", "Person", "1", "#:", " Hi"}},
      {"a  b", {"a", " ", " b"}},          // the last blank goes with the word
      {"a\n\nb", {"a", "\n", "\n", "b"}},  // a line break never does
      {"a  ", {"a", "  "}},                // white space at the end is one token
      {"", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(PreTokenize(c.text), c.words) << c.text;
}

TEST(ByteSymbol, IsPrintableAndDistinct) {
  EXPECT_EQ(ByteSymbol('a'), "a");
  EXPECT_EQ(ByteSymbol(' '), "\u0120");
  EXPECT_EQ(ByteSymbol('\n'), "\u010a");
  std::vector<std::string> all;
  for (int byte = 0; byte < 256; ++byte)
    all.push_back(ByteSymbol(static_cast<unsigned char>(byte)));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

TEST(ByteBpe, HasRobertasLayoutAndMergesTheMostFrequentPairFirst) {
  const ByteBpe bpe = TrainByteBpe({"abab abab", "abab"}, 263);
  ASSERT_EQ(bpe.vocabulary.size(), 263u);
  EXPECT_EQ(bpe.vocabulary[0], "<s>");
  EXPECT_EQ(bpe.vocabulary[1], "<pad>");
  EXPECT_EQ(bpe.vocabulary[2], "</s>");
  EXPECT_EQ(bpe.vocabulary[3], "<unk>");
  EXPECT_EQ(bpe.vocabulary.back(), "<mask>");
  ASSERT_EQ(bpe.merges.size(), 2u);
  EXPECT_EQ(bpe.merges[0], std::make_pair(std::string("a"), std::string("b")));
  EXPECT_EQ(bpe.merges[1], std::make_pair(std::string("ab"), std::string("ab")));
}

TEST(ByteBpe, StopsIfNoPairOccursTwice) {
  EXPECT_EQ(TrainByteBpe({"ab"}, 400).vocabulary.size(), 261u);
}

TEST(SupportLines, GivesFrequentWordsAndAllPrintableCharacters) {
  const std::vector<std::string> lines = SupportLines({"to do to", "to"}, 3);
  EXPECT_EQ(lines[0], "to, to. to");
  EXPECT_EQ(lines.size(), 1u + 94u);
}

TEST(TrainUnigram, WritesAModel) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "unigram";
  std::filesystem::create_directories(folder);
  std::vector<std::string> corpus(50, "Ann asks Bob to come. Bob will do it.");
  for (std::string& line : SupportLines(corpus, 10)) corpus.push_back(line);
  TrainUnigram(corpus, {.vocabulary = 150, .threads = 1, .symbols = ""}, folder);
  EXPECT_GT(ReadFile(folder / "spiece.model").size(), 1000u);
}

}  // namespace
}  // namespace tact::tokenizers
