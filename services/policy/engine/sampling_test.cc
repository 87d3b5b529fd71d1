#include "services/policy/engine/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tact {
namespace {

constexpr int32_t kEos = 1;

// Probabilities .1 .4 .3 .15 .05 as logits with an offset that must not matter.
std::vector<float> Logits() {
  std::vector<float> logits;
  for (const double p : {.1, .4, .3, .15, .05}) {
    logits.push_back(static_cast<float>(std::log(p) + 3));
  }
  return logits;
}

Choice Choose(const SamplingOptions& options, int64_t position, uint64_t key) {
  const std::vector<float> logits = Logits();
  const std::vector<int32_t> ids(position + 1, 0);
  SamplingScratch scratch;
  return ChooseToken(logits, options, {ids, kEos, key}, scratch).value();
}

TEST(SamplingTest, GreedyTakesTheMostLikelyAndReportsItsLogprob) {
  const Choice choice = Choose({}, 0, 7);
  EXPECT_EQ(choice.id, 1);
  EXPECT_NEAR(choice.model_logprob, std::log(.4), 1e-5);
  EXPECT_NEAR(choice.behaviour_logprob, std::log(.4), 1e-5);
}

TEST(SamplingTest, MinimumLengthForbidsTheEndToken) {
  const SamplingOptions options = {.processors = {.min_new_tokens = 3}};
  const Choice early = Choose(options, 2, 7);
  EXPECT_EQ(early.id, 2);
  EXPECT_NEAR(early.model_logprob, std::log(.3), 1e-5);
  EXPECT_NEAR(early.behaviour_logprob, std::log(.3 / .6), 1e-5) << "renormalised without eos";
  EXPECT_EQ(Choose(options, 3, 7).id, 1) << "allowed from the minimum on";
}

struct FilterCase {
  const char* why;
  SamplingOptions options;
  std::vector<double> expected;  // probabilities of the five tokens
};

class SamplingFilterTest : public ::testing::TestWithParam<FilterCase> {};

// Frequencies over many keys against the exact distribution (chi-square, 4 degrees of freedom, far
// tail), and the reported logprob against it exactly.
TEST_P(SamplingFilterTest, DrawsFromTheExpectedDistribution) {
  const FilterCase& c = GetParam();
  constexpr int kDraws = 20000;
  std::vector<int> counts(c.expected.size());
  for (int i = 0; i < kDraws; ++i) {
    const Choice choice = Choose(c.options, i % 5, SampleKey(3, i, 0));
    ++counts[choice.id];
    ASSERT_NEAR(choice.behaviour_logprob, std::log(c.expected[choice.id]), 1e-4) << c.why;
  }
  double chi_square = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = c.expected[i] * kDraws;
    if (expected == 0) {
      EXPECT_EQ(counts[i], 0) << c.why;
    } else {
      chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
  }
  EXPECT_LT(chi_square, 25) << c.why;
}

INSTANTIATE_TEST_SUITE_P(
    Filters, SamplingFilterTest,
    ::testing::Values(FilterCase{"plain", {.do_sample = true}, {.1, .4, .3, .15, .05}},
                      FilterCase{"temperature .5 squares the probabilities",
                                 {.do_sample = true, .warpers = {.temperature = .5f}},
                                 {.01 / .285, .16 / .285, .09 / .285, .0225 / .285, .0025 / .285}},
                      FilterCase{"top_k 2",
                                 {.do_sample = true, .warpers = {.top_k = 2}},
                                 {0, .4 / .7, .3 / .7, 0, 0}},
                      FilterCase{"top_p reaches .71 with the third token",
                                 {.do_sample = true, .warpers = {.top_p = .71}},
                                 {0, .4 / .85, .3 / .85, .15 / .85, 0}},
                      FilterCase{"top_p below the first keeps one",
                                 {.do_sample = true, .warpers = {.top_p = .1}},
                                 {0, 1, 0, 0, 0}},
                      FilterCase{"top_p acts after top_k",
                                 {.do_sample = true, .warpers = {.top_k = 3, .top_p = .8}},
                                 {0, .4 / .7, .3 / .7, 0, 0}}));

TEST(SamplingTest, TheSameKeyAndPositionGiveTheSameToken) {
  const SamplingOptions options = {.do_sample = true};
  for (uint64_t key = 0; key < 50; ++key) {
    EXPECT_EQ(Choose(options, 4, key).id, Choose(options, 4, key).id);
  }
  EXPECT_NE(SampleKey(1, 2, 3), SampleKey(1, 3, 2));
  EXPECT_NE(SampleKey(1, 2, 3), SampleKey(2, 2, 3));
}

TEST(SamplingTest, LogitsThatAreNotFiniteAreAnError) {
  for (const float broken :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> logits = Logits();
    logits[2] = broken;
    SamplingScratch scratch;
    const std::vector<int32_t> ids = {0};
    const auto choice = ChooseToken(logits, {}, {ids, kEos, 1}, scratch);
    EXPECT_EQ(choice.status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(ModelLogprob(logits, 0, scratch).status().code(), absl::StatusCode::kInternal);
  }
}

TEST(SamplingTest, TopPOverALargeVocabularyKeepsTheSmallestSet) {
  std::vector<float> logits(5000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i)) * 2;
  std::vector<float> sorted = logits;
  std::ranges::sort(sorted, std::greater<>());
  double total = 0, mass = 0;
  for (const float x : sorted) total += std::exp(x);
  size_t kept = 0;
  while (mass < .5 * total) mass += std::exp(sorted[kept++]);
  const float least = sorted[kept - 1];
  SamplingScratch scratch;
  for (uint64_t key = 0; key < 200; ++key) {
    const std::vector<int32_t> ids = {0};
    const Choice choice = ChooseToken(logits, {.do_sample = true, .warpers = {.top_p = .5}},
                                      {ids, kEos, key}, scratch)
                              .value();
    EXPECT_GE(logits[choice.id], least);
    EXPECT_NEAR(choice.behaviour_logprob, logits[choice.id] - std::log(mass), 1e-3);
  }
}

}  // namespace
}  // namespace tact
