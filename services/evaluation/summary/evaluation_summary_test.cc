#include "services/evaluation/summary/evaluation_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/evaluation/summary/paired_tests.h"
#include "services/evaluation/summary/resampling.h"
#include "services/evaluation/summary/wording.h"
#include "services/evaluation/testing.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::ResamplingOptions Defaults() {
  v1::ResamplingOptions options;
  FillResampling(options);
  return options;
}

TEST(SummariseTest, TokensWordsDistinctAndThreshold) {
  v1::Evaluation evaluation = FinishedEvaluation("e", 4, 0);
  const char* responses[] = {"one two", "one two three four", "one", ""};
  for (int i = 0; i < 4; ++i) {
    evaluation.mutable_results(i)->set_response(responses[i]);
    evaluation.mutable_results(i)->set_response_tokens(static_cast<uint32_t>(2 * i + 1));
    evaluation.mutable_results(i)->set_toxicity(0.25 * i);
  }
  evaluation.mutable_spec()->set_toxicity_threshold(0.25);
  Summarise(evaluation);
  EXPECT_EQ(evaluation.response_tokens().mean(), 4);
  EXPECT_EQ(evaluation.response_tokens().quantiles().p50(), 4);
  EXPECT_EQ(evaluation.response_words().max(), 4);
  EXPECT_EQ(evaluation.mean_words(), 7.0 / 4);
  EXPECT_EQ(evaluation.distinct1(), 4.0 / 7) << "one, two, three, four of seven words";
  EXPECT_EQ(evaluation.distinct2(), 3.0 / 4);
  EXPECT_EQ(evaluation.toxicity().ratio(), 0.75) << "the threshold itself counts";
  EXPECT_EQ(evaluation.toxicity().threshold(), 0.25);
  EXPECT_EQ(evaluation.toxicity().quantiles().p25(), 0.1875);
  EXPECT_FALSE(evaluation.has_rouge()) << "no example has a reference";
  EXPECT_FALSE(evaluation.has_rouge_intervals());
}

TEST(SummariseTest, IntervalsOfRougeAreOfTheExamplesWithAReference) {
  v1::Evaluation evaluation = FinishedEvaluation("e", 12, 0);
  for (int i = 0; i < 10; ++i) {
    evaluation.mutable_results(i)->add_references("They talk.");
    evaluation.mutable_results(i)->mutable_rouge()->set_rouge1(0.1 * i);
  }
  evaluation.mutable_spec()->mutable_resampling()->set_resamples(200);
  Summarise(evaluation);
  EXPECT_NEAR(evaluation.rouge().rouge1(), 0.45, 1e-12);
  const v1::RougeIntervals& intervals = evaluation.rouge_intervals();
  EXPECT_EQ(intervals.examples(), 10u);
  EXPECT_EQ(intervals.resamples(), 200u);
  EXPECT_EQ(intervals.confidence(), 0.95);
  EXPECT_LT(intervals.rouge1().low(), 0.45);
  EXPECT_GT(intervals.rouge1().high(), 0.45);
  EXPECT_EQ(intervals.rouge2().high(), 0);
}

TEST(SummariseTest, ResultsWithoutTokensGiveNoDistributionOfThem) {
  v1::Evaluation evaluation = FinishedEvaluation("e", 3, 0);
  EXPECT_FALSE(IsSummarised(evaluation));
  Summarise(evaluation);
  EXPECT_TRUE(IsSummarised(evaluation));
  EXPECT_FALSE(evaluation.has_response_tokens());
}

v1::CompareResponse RowsOf(const std::vector<double>& before, const std::vector<double>& after) {
  v1::CompareResponse comparison;
  for (size_t i = 0; i < before.size(); ++i) {
    v1::ComparedExample& row = *comparison.add_rows();
    row.set_toxicity_before(before[i]);
    row.set_toxicity_after(after[i]);
  }
  return comparison;
}

bool Never() { return false; }

TEST(PairedTestsTest, StopsBetweenMeasures) {
  v1::CompareResponse comparison = RowsOf({0.9, 0.8, 0.7}, {0.1, 0.1, 0.1});
  int looks = 0;
  const auto after_two = [&] { return ++looks > 2; };
  EXPECT_EQ(AddPairedTests(Defaults(), after_two, comparison).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(comparison.tests_size(), 2);
}

TEST(PairedTestsTest, MeasuresInOrderAndRougeWhereThereAreReferences) {
  v1::CompareResponse comparison = RowsOf({0.9, 0.8, 0.7}, {0.1, 0.1, 0.1});
  ASSERT_TRUE(AddPairedTests(Defaults(), Never, comparison).ok());
  std::vector<std::string> measures;
  for (const auto& test : comparison.tests()) measures.push_back(test.measure());
  EXPECT_THAT(measures, ElementsAre("toxicity", "reward", "words"));
  comparison.mutable_rows(1)->mutable_rouge_before()->set_rouge1(0.5);
  comparison.mutable_rows(1)->mutable_rouge_after()->set_rouge1(0.75);
  ASSERT_TRUE(AddPairedTests(Defaults(), Never, comparison).ok());
  ASSERT_EQ(comparison.tests_size(), 7);
  EXPECT_EQ(comparison.tests(2).measure(), "rouge1");
  EXPECT_EQ(comparison.tests(2).pairs(), 1u);
  EXPECT_EQ(comparison.tests(2).mean_difference(), 0.25);
  EXPECT_NEAR(comparison.tests(0).mean_difference(), -0.7, 1e-12);
  EXPECT_EQ(comparison.tests(0).permutation_p(), 0.25);
  EXPECT_EQ(comparison.resampling().permutations(), 10000u);
}

TEST(WordingTest, Table) {
  struct Case {
    double difference, low, high, p;
    const char* words;
  };
  const std::vector<Case> cases = {
      {-0.312, -0.344, -0.281, 0.0001, "lower by .31 (95 % interval .28 to .34), p < .001"},
      {1.743, 1.512, 2.031, 0.0231, "higher by 1.74 (95 % interval 1.51 to 2.03), p = .023"},
      {-0.01, -0.03, 0.012, 0.412,
       "no clear change: lower by .010 (95 % interval .030 lower to .012 higher), p = .41"},
      {0.05, 0, 0.21, 0.049, "higher by .05 (95 % interval .00 to .21), p = .049"},
      {-12.25, -14.5, -1.5, 0.002, "lower by 12.2 (95 % interval 1.5 to 14.5), p = .002"},
      {0, 0, 0, 1, "no change"},
  };
  for (const Case& c : cases) {
    v1::PairedTest test;
    test.set_mean_difference(c.difference);
    test.mutable_interval()->set_low(c.low);
    test.mutable_interval()->set_high(c.high);
    test.set_permutation_p(c.p);
    EXPECT_EQ(InWords(test, 0.95), c.words);
  }
  EXPECT_EQ(PInWords(1), "p = 1");
  EXPECT_EQ(PInWords(0.0999), "p = .10");
}

TEST(ResamplingTest, WhatIsOutOfRangeIsNamed) {
  EXPECT_TRUE(CheckResampling(Defaults(), "resampling").ok());
  v1::ResamplingOptions sure = Defaults(), none = Defaults(), many = Defaults();
  sure.set_confidence(1);
  none.set_resamples(0);
  many.set_permutations(100001);
  const std::vector<std::pair<v1::ResamplingOptions, const char*>> cases = {
      {sure, "resampling.confidence"},
      {none, "resampling.resamples"},
      {many, "resampling.permutations"}};
  for (const auto& [options, field] : cases) {
    const absl::Status status = CheckResampling(options, "resampling");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }
}

}  // namespace
}  // namespace tact
