#include "services/evaluation/rouge/rouge.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "services/evaluation/rouge/bootstrap.h"
#include "services/evaluation/rouge/expect_scores.h"
#include "services/evaluation/rouge/porter_stemmer.h"
#include "services/evaluation/rouge/rouge_tokenizer.h"

namespace tact::rouge {
namespace {

// Goldens of rouge_score 0.1.2, written by tests/reference/make_rouge_fixtures.py.
nlohmann::json ReadGoldens(const std::string& name) {
  std::ifstream file("testdata/" + name);
  return nlohmann::json::parse(file);
}

constexpr double kTolerance = 1e-9;  // the goldens are rounded

TEST(PorterStemmerTest, EveryWordOfTheGoldensHasTheReferencesStem) {
  const auto goldens = ReadGoldens("porter_stems.json");
  ASSERT_GE(goldens.size(), 2400u);
  for (const auto& entry : goldens) {
    EXPECT_EQ(PorterStem(entry[0].get<std::string>()), entry[1].get<std::string>()) << entry[0];
  }
}

TEST(RougeTest, EveryPairOfTheGoldensWithAndWithoutStemmer) {
  const auto goldens = ReadGoldens("rouge_pairs.json");
  ASSERT_GE(goldens.size(), 240u);
  for (const auto& entry : goldens) {
    const auto reference = entry["reference"].get<std::string>();
    const auto prediction = entry["prediction"].get<std::string>();
    ExpectScores(*Compare(reference, prediction, false), entry["plain"], kTolerance, reference);
    ExpectScores(*Compare(reference, prediction, true), entry["stemmed"], kTolerance, reference);
  }
}

TEST(RougeTest, TheBestReferenceCountsForEachMeasure) {
  for (const auto& entry : ReadGoldens("rouge_best_of.json")) {
    const auto texts = entry["references"].get<std::vector<std::string>>();
    const std::vector<std::string_view> references(texts.begin(), texts.end());
    const auto prediction = entry["prediction"].get<std::string>();
    ExpectScores(*CompareWithBest(references, prediction, true), entry["stemmed"], kTolerance,
                 prediction);
  }
}

TEST(RougeTest, NoReferenceGivesZeros) {
  const auto scores = CompareWithBest({}, "some words");
  ASSERT_TRUE(scores.ok());
  EXPECT_EQ(scores->rouge1.f + scores->rouge_lsum.f, 0);
}

TEST(RougeTest, TextsTooLongToCompareAreRefusedWithTheirSizes) {
  std::string text;
  for (int i = 0; i < 4001; ++i) text += "word ";
  const auto scores = Compare(text, text);
  EXPECT_EQ(scores.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(scores.status().message().find("4001 words"), std::string::npos) << scores.status();
}

TEST(RougeTokenizerTest, Table) {
  struct Case {
    std::string_view text;
    Tokens plain;
    Tokens stemmed;
  };
  const std::vector<Case> cases = {
      {"", {}, {}},
      {" .,! ", {}, {}},
      {"One TWO\nthree", {"one", "two", "three"}, {"one", "two", "three"}},
      {"the friends had a meeting",
       {"the", "friends", "had", "a", "meeting"},
       {"the", "friend", "had", "a", "meet"}},
      {"is das 7up 2nd's", {"is", "das", "7up", "2nd", "s"}, {"is", "das", "7up", "2nd", "s"}},
      {"na\xC3\xAFve", {"na", "ve"}, {"na", "ve"}},
      {"\xE2\x84\xAA", {"k"}, {"k"}},                  // the Kelvin sign is a k in lower case
      {"\xC4\xB0zmir", {"i", "zmir"}, {"i", "zmir"}},  // i with a combining dot
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Tokenize(c.text, false), c.plain) << c.text;
    EXPECT_EQ(Tokenize(c.text, true), c.stemmed) << c.text;
  }
}

TEST(BootstrapTest, OnePairHasNoSpread) {
  Scores scores;
  scores.rouge2 = {0.25, 0.5, 1.0 / 3};
  const Intervals found = Bootstrap(std::vector<Scores>{scores}).value();
  EXPECT_DOUBLE_EQ(found.rouge2.low.recall, 0.5);
  EXPECT_DOUBLE_EQ(found.rouge2.high.recall, 0.5);
}

TEST(BootstrapTest, ErrorsNameTheSetting) {
  const std::vector<Scores> scores(3);
  EXPECT_FALSE(Bootstrap({}).ok());
  EXPECT_FALSE(Bootstrap(scores, {.confidence_interval = 1.5}).ok());
  EXPECT_FALSE(Bootstrap(scores, {.samples = 0}).ok());
}

}  // namespace
}  // namespace tact::rouge
