// ROUGE, the stemmer and the bootstrap.
#include "services/evaluation/rouge/rouge.h"

#include <gtest/gtest.h>

#include "services/evaluation/rouge/bootstrap.h"
#include "services/evaluation/rouge/expect_scores.h"
#include "services/evaluation/rouge/porter_stemmer.h"
#include "services/evaluation/statistics/numpy_random.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

using rouge::ExpectScore;
using rouge::ExpectScores;
using rouge::Score;

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

Score ReadScore(const Json& numbers) { return {numbers[0], numbers[1], numbers[2]}; }

std::vector<rouge::Scores> ReadScores(const Json& rows) {
  std::vector<rouge::Scores> out;
  for (const Json& row : rows) {
    out.push_back({ReadScore(row[0]), ReadScore(row[1]), ReadScore(row[2]), ReadScore(row[3])});
  }
  return out;
}

void ExpectInterval(const rouge::Interval& interval, const Json& expected) {
  ExpectScore(interval.low, expected["low"], kTolerance, "low");
  ExpectScore(interval.mid, expected["mid"], kTolerance, "mid");
  ExpectScore(interval.high, expected["high"], kTolerance, "high");
}

TEST(GoldenRouge, BootstrapAggregation) {
  const Json golden = ReadJson("rouge/bootstrap.json");
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    const std::vector<rouge::Scores> scores = ReadScores(c["scores"]);
    const uint32_t seed = c["numpy_seed"];
    EXPECT_EQ(statistics::NumpyRandom(seed).Choice(static_cast<uint32_t>(scores.size())),
              c["first_sample"].get<std::vector<uint32_t>>());
    const rouge::Intervals found =
        rouge::Bootstrap(scores, {c["confidence_interval"], c["n_samples"], seed}).value();
    ExpectInterval(found.rouge1, c["result"][0]);
    ExpectInterval(found.rouge2, c["result"][1]);
    ExpectInterval(found.rouge_l, c["result"][2]);
    ExpectInterval(found.rouge_lsum, c["result"][3]);
    ++used;
  }
  PrintShare("rouge/bootstrap", used, golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden
