#include "services/evaluation/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/evaluation/report/comparison.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/svg_chart.h"
#include "services/evaluation/testing.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Report MakeReport(int rows) {
  Report report;
  v1::Evaluation before = FinishedEvaluation("eval-1", rows, 0), after = before;
  after.set_id("eval-2");
  for (int i = 0; i < rows; ++i) after.mutable_results(i)->set_reward(i * (i % 2 == 0 ? 2 : -1));
  report.comparison = *CompareEvaluations(before, after);
  return report;
}

TEST(CompareTest, RowsAreSortedByRewardDifferenceAndMatchedById) {
  const v1::Evaluation before = FinishedEvaluation("b", 4, 0);
  v1::Evaluation after = FinishedEvaluation("a", 4, 0);
  const double rewards[] = {0, 5, 1, 3};  // differences 0, 4, -1, 0
  for (int i = 0; i < 4; ++i) after.mutable_results(i)->set_reward(rewards[i]);
  std::reverse(after.mutable_results()->begin(), after.mutable_results()->end());
  for (auto& result : *after.mutable_results()) result.set_toxicity(0.35);
  const auto comparison = CompareEvaluations(before, after);
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  std::vector<std::string> ids;
  std::vector<double> differences;
  for (const auto& row : comparison->rows()) {
    ids.push_back(row.id());
    differences.push_back(row.reward_difference());
  }
  EXPECT_THAT(ids, ElementsAre("d1", "d0", "d3", "d2"));
  EXPECT_THAT(differences, ElementsAre(4, 0, 0, -1));
  EXPECT_NEAR(comparison->toxicity_change(), 0.1, 1e-12);
  EXPECT_EQ(comparison->before().results_size(), 0);
}

TEST(CompareTest, OtherExamplesOrAnUnfinishedEvaluationAreFailedPreconditions) {
  const v1::Evaluation good = FinishedEvaluation("b", 3, 0);
  v1::Evaluation other_dialogue = good, other_id = good, running = good, failed = good;
  other_dialogue.mutable_results(1)->set_dialogue("another");
  other_id.mutable_results(1)->set_id("another");
  running.set_state(v1::EVALUATION_STATE_RUNNING);
  failed.set_state(v1::EVALUATION_STATE_FAILED);
  failed.set_error("the reward service was down");
  for (const v1::Evaluation& bad :
       {other_dialogue, other_id, running, failed, FinishedEvaluation("c", 2, 0)}) {
    EXPECT_EQ(CompareEvaluations(good, bad).status().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_THAT(std::string(CompareEvaluations(good, failed).status().message()),
              HasSubstr("the reward service was down"));
}

TEST(CompareTest, NumbersOfAnotherMeaningAreNotCompared) {
  const v1::Evaluation good = FinishedEvaluation("b", 3, 0);
  v1::Evaluation threshold = good, toxic = good, reward = good, same = good;
  threshold.mutable_spec()->set_toxicity_threshold(0.25);
  toxic.mutable_spec()->set_toxic_label("hate");
  reward.mutable_spec()->set_reward_label("kind");
  same.mutable_spec()->set_toxicity_threshold(0.5);  // what held where none is written
  const std::vector<std::pair<v1::Evaluation, const char*>> cases = {
      {threshold, "spec.toxicity_threshold"},
      {toxic, "spec.toxic_label"},
      {reward, "spec.reward_label"}};
  for (const auto& [bad, field] : cases) {
    const absl::Status status = CompareEvaluations(good, bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }
  EXPECT_TRUE(CompareEvaluations(good, same).ok());
}

// Rewards, toxicities, words and ROUGE that differ, with references.
Report FullReport(int rows) {
  Report report;
  v1::Evaluation before = FinishedEvaluation("eval-1", rows, 0), after;
  for (int i = 0; i < rows; ++i) {
    v1::EvaluatedExample& result = *before.mutable_results(i);
    result.add_references("They talk.");
    result.mutable_rouge()->set_rouge1(0.01 * (i % 50));
    result.set_response_tokens(static_cast<uint32_t>(5 + i % 7));
    result.set_toxicity(0.9 - 0.01 * (i % 30));
  }
  after = before;
  after.set_id("eval-2");
  for (auto& result : *after.mutable_results()) {
    result.set_toxicity(0.1 * result.toxicity());
    result.set_reward(result.reward() + 1);
    result.set_response("They talk for a while.");
    result.mutable_rouge()->set_rouge1(result.rouge().rouge1() + 0.25);
  }
  report.comparison = *CompareEvaluations(before, after);
  report.curves.emplace_back();
  report.curves[0].set_name("reward");
  for (int step = 1; step <= 3; ++step) {
    report.curves[0].add_steps(step);
    report.curves[0].add_values(2.5 * step);
  }
  return report;
}

int Count(const std::string& text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(HtmlReportTest, EveryPlotIsNamedAndEveryTableHasACaption) {
  const std::string html = HtmlReport(FullReport(60));
  EXPECT_EQ(Count(html, "<svg"), 7) << "six of both sides, one curve";
  EXPECT_EQ(Count(html, "<svg"), Count(html, "<desc id="));
  EXPECT_EQ(Count(html, "<table"), 4);
  EXPECT_EQ(Count(html, "<table"), Count(html, "<caption>"));
  EXPECT_EQ(Count(html, "id=\"toxicity-t\""), 1) << "ids are unique";
  EXPECT_THAT(html, HasSubstr("More than chance?"));
  EXPECT_THAT(html, HasSubstr("lower by .68 (95 % interval .66 to .70), p &lt; .001"));
}

TEST(HtmlReportTest, TextOfModelsAndPeopleIsEscaped) {
  Report report = MakeReport(3);
  const std::string evil = "<script>alert(\"x\")</script> & 'y' </style>";
  report.comparison.mutable_before()->mutable_spec()->set_name(evil);
  report.comparison.mutable_before()->mutable_spec()->set_model(evil);
  report.comparison.mutable_after()->mutable_spec()->set_toxic_label(evil);
  report.comparison.mutable_rows(0)->set_response_after(evil);
  report.comparison.mutable_rows(1)->set_dialogue(evil);
  report.comparison.mutable_rows(2)->set_id(evil);
  report.curves.emplace_back();
  report.curves[0].set_name(evil);
  report.curves[0].add_steps(1);
  report.curves[0].add_values(1);
  const std::string html = HtmlReport(report);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html,
              HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;"));
}

TEST(HtmlReportTest, LoadsNothingAndFollowsLightDarkAndPrint) {
  const std::string html = HtmlReport(MakeReport(5));
  for (const char* forbidden : {"http://", "https://", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(forbidden)));
  }
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(HtmlReportTest, NumbersInPlotsAreFinite) {
  Report report = MakeReport(4);
  report.curves.resize(3);
  for (size_t i = 0; i < report.curves.size(); ++i) {
    report.curves[i].set_name("kl");
    for (size_t step = 0; step < i; ++step) {  // none, one and two points, all of one value
      report.curves[i].add_steps(7);
      report.curves[i].add_values(-2);
    }
  }
  const std::string html = HtmlReport(report);
  const std::regex attribute("(?: x| y| x1| y1| x2| y2|width|height|cx|cy| d)=\"([^\"]*)\"");
  int attributes = 0;
  for (auto it = std::sregex_iterator(html.begin(), html.end(), attribute);
       it != std::sregex_iterator(); ++it, ++attributes) {
    EXPECT_THAT((*it)[1].str(), testing::MatchesRegex("[-ML0-9. ]+"));
  }
  EXPECT_GT(attributes, 50);
}

TEST(HtmlReportTest, ALongTableIsCutAndSaysSo) {
  EXPECT_THAT(HtmlReport(MakeReport(250)), HasSubstr("The first 200 of 250 rows"));
  EXPECT_THAT(HtmlReport(MakeReport(200)), Not(HasSubstr("The first")));
}

TEST(HtmlReportTest, MeasuresWithoutReferencesAreLeftOut) {
  Report report = MakeReport(2);
  EXPECT_THAT(HtmlReport(report), Not(HasSubstr("while ROUGE-1")));
  report.comparison.mutable_before()->mutable_rouge()->set_rouge1(0.25);
  report.comparison.mutable_after()->mutable_rouge()->set_rouge1(0.5);
  EXPECT_THAT(HtmlReport(report), HasSubstr("while ROUGE-1 rose from <strong>0.250</strong>"));
}

// A reader of RFC 4180, to check the writer.
std::vector<std::vector<std::string>> ParseCsv(const std::string& csv) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record;
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted && c == '"' && i + 1 < csv.size() && csv[i + 1] == '"') {
      field += csv[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      record.push_back(std::exchange(field, ""));
      if (c == '\n') records.push_back(std::exchange(record, {}));
    } else if (quoted || c != '\r') {
      field += c;
    }
  }
  return records;
}

TEST(CsvReportTest, QuotesCommasAndLineEndsSurvive) {
  Report report = MakeReport(2);
  report.comparison.mutable_rows(0)->set_dialogue("A: \"hi\",\r\nB: yes");
  report.comparison.mutable_rows(0)->set_reward_before(0.1);
  const auto records = ParseCsv(CsvReport(report));
  ASSERT_EQ(records.size(), 3u);
  ASSERT_EQ(records[1].size(), 21u);
  EXPECT_EQ(records[0].size(), 21u);
  EXPECT_EQ(records[0][8], "dialogue");
  EXPECT_EQ(records[1][8], "A: \"hi\",\r\nB: yes");
  EXPECT_EQ(records[1][1], "0.1");
  EXPECT_EQ(records[1][9], "") << "ROUGE of an example without a reference";
  EXPECT_EQ(records[0][17], "words_before");
  EXPECT_EQ(records[1][17], "2");
}

TEST(CsvReportTest, TheSummaryHasEveryNumberOnce) {
  const Report report = FullReport(20);
  std::map<std::string, std::string> values;
  for (const auto& record : ParseCsv(SummaryCsvReport(report))) {
    ASSERT_EQ(record.size(), 4u);
    EXPECT_TRUE(values.emplace(record[0] + "." + record[1] + "." + record[2], record[3]).second)
        << record[0] << record[1] << record[2];
  }
  EXPECT_EQ(values["before.words.mean"], "2");
  EXPECT_EQ(values["after.words.p95"], "5");
  EXPECT_EQ(values["before.toxicity.threshold"], "0.5");
  EXPECT_TRUE(values.contains("after.rouge1.interval_low"));
  EXPECT_EQ(values["change.words.mean_difference"], "3");
  EXPECT_EQ(values["change.rouge1.pairs"], "20");
  EXPECT_TRUE(values["change.toxicity.in_words"].starts_with("lower by "));
}

TEST(JsonReportTest, HoldsEveryRowAndCurve) {
  Report report = MakeReport(250);
  report.curves.emplace_back();
  report.curves[0].set_name("reward");
  report.curves[0].add_steps(1);
  report.curves[0].add_values(2.5);
  const auto json = nlohmann::json::parse(JsonReport(report));
  EXPECT_EQ(json["rows"].size(), 250u);
  EXPECT_EQ(json["curves"][0]["values"][0], 2.5);
  EXPECT_TRUE(json["before"]["rouge"].is_null());
  EXPECT_EQ(json["tests"][0]["measure"], "toxicity");
}

TEST(JsonReportTest, CarriesIntervalsQuantilesLengthsAndTests) {
  const auto json = nlohmann::json::parse(JsonReport(FullReport(20)));
  EXPECT_EQ(json["before"]["rouge_intervals"]["rouge1"].size(), 2u);
  EXPECT_EQ(json["before"]["rouge_intervals"]["resamples"], 1000);
  EXPECT_TRUE(json["before"]["toxicity"]["quantiles"].contains("p95"));
  EXPECT_EQ(json["before"]["response_words"]["mean"], 2);
  EXPECT_EQ(json["before"]["response_tokens"]["min"], 5);
  EXPECT_EQ(json["tests"].size(), 7u);
  EXPECT_TRUE(json["tests"][1]["cohens_d"].is_null()) << "every reward rose by the same";
  EXPECT_EQ(json["resampling"]["permutations"], 10000);
  EXPECT_NEAR(json["rows"][0]["rouge_after"]["rouge1"].get<double>() -
                  json["rows"][0]["rouge_before"]["rouge1"].get<double>(),
              0.25, 1e-12);
}

TEST(HistogramTest, ValuesOnAnEdgeBelongToTheUpperBinAndTheLastOneEndsTheLast) {
  const std::vector<double> before = {0, 1, 1, 3, 9}, after = {2};
  const std::string svg = HistogramPair({"a", "b", "c"}, {.what = "words",
                                                          .edges = {0, 1, 2, 3},
                                                          .before = before,
                                                          .after = after,
                                                          .mark = std::nullopt});
  for (const char* title : {"words 0 to 1: 1 before", "words 1 to 2: 2 before",
                            "words 2 to 3: 2 before", "words 2 to 3: 1 after"}) {
    EXPECT_THAT(svg, HasSubstr(title));
  }
}

TEST(NiceTicksTest, CoverTheRangeInRoundSteps) {
  struct Case {
    double min, max;
    std::vector<double> ticks;
  };
  const std::vector<Case> cases = {
      {0, 10, {0, 2.5, 5, 7.5, 10}},
      {0, 1, {0, 0.25, 0.5, 0.75, 1}},
      {-3, 5, {-4, -2, 0, 2, 4, 6}},
      {0, 37, {0, 10, 20, 30, 40}},
  };
  for (const Case& c : cases) EXPECT_EQ(NiceTicks(c.min, c.max, 4), c.ticks) << c.max;
  for (const double same : {0.0, -2.0, 1e9}) EXPECT_GE(NiceTicks(same, same, 4).size(), 2u);
}

TEST(CondenseTest, MeansOfNeighbours) {
  const std::vector<double> values = {1, 3, 5, 7};
  EXPECT_THAT(Condense(values, 2), ElementsAre(2, 6));
  EXPECT_EQ(Condense(values, 4), values);
}

}  // namespace
}  // namespace tact
