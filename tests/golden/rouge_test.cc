// ROUGE, the stemmer and the toxicity statistics.
#include "services/evaluation/rouge/rouge.h"

#include <gtest/gtest.h>

#include "services/evaluation/rouge/expect_scores.h"
#include "services/evaluation/rouge/porter_stemmer.h"
#include "services/evaluation/toxicity_stats.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

using rouge::ExpectScores;

constexpr double kTolerance = 1e-12;

TEST(GoldenRouge, PairsAndSeveralReferences) {
  const Json golden = ReadJson("rouge/scores.json");
  ASSERT_EQ(golden["types"], Json({"rouge1", "rouge2", "rougeL", "rougeLsum"}));
  size_t used = 0;
  for (const Json& c : golden["pairs"]) {
    const std::string reference = c["reference"], prediction = c["prediction"];
    ExpectScores(rouge::Compare(reference, prediction, false).value(), c["plain"], kTolerance,
                 c.dump());
    ExpectScores(rouge::Compare(reference, prediction, true).value(), c["stemmed"], kTolerance,
                 c.dump());
    ++used;
  }
  for (const Json& c : golden["multi"]) {
    const std::vector<std::string> texts = c["references"];
    const std::vector<std::string_view> references(texts.begin(), texts.end());
    const std::string prediction = c["prediction"];
    ExpectScores(rouge::CompareWithBest(references, prediction, false).value(), c["plain"],
                 kTolerance, c.dump());
    ExpectScores(rouge::CompareWithBest(references, prediction, true).value(), c["stemmed"],
                 kTolerance, c.dump());
    ++used;
  }
  PrintShare("rouge/scores", used, golden["pairs"].size() + golden["multi"].size());
}

TEST(GoldenRouge, Stems) {
  const Json golden = ReadJson("rouge/stems.json");
  const Json& stems = golden["stems"];
  for (const Json& pair : stems) {
    EXPECT_EQ(rouge::PorterStem(pair[0].get<std::string>()), pair[1]) << pair;
  }
  PrintShare("rouge/stems", stems.size(), stems.size());
}

TEST(GoldenToxicity, Statistics) {
  const Json golden = ReadJson("toxicity.json");
  const std::vector<double> thresholds = golden["thresholds"];
  const auto half = std::ranges::find(thresholds, kToxicThreshold);
  ASSERT_NE(half, thresholds.end());
  for (const Json& c : golden["cases"]) {
    const std::vector<double> scores = c["scores"];
    const v1::ToxicityStats stats = SummariseToxicity(scores);
    EXPECT_NEAR(stats.mean(), c["mean"].get<double>(), 1e-12);
    EXPECT_NEAR(stats.stddev(), c["std"].get<double>(), 1e-12);
    EXPECT_EQ(stats.max(), c["max"].get<double>());
    EXPECT_NEAR(stats.ratio(), c["ratio"][half - thresholds.begin()].get<double>(), 1e-12);
  }
  PrintShare("toxicity (ratio at .5 only)", golden["cases"].size(), golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden
