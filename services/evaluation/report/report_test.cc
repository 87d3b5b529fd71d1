#include "services/evaluation/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
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
  after.mutable_toxicity()->set_mean(0.1);
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
  EXPECT_DOUBLE_EQ(comparison->toxicity_change(), 0.1);
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
  ASSERT_EQ(records[1].size(), 9u);
  EXPECT_EQ(records[0][8], "dialogue");
  EXPECT_EQ(records[1][8], "A: \"hi\",\r\nB: yes");
  EXPECT_EQ(records[1][1], "0.1");
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
