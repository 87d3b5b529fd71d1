// Statistics against numpy and scipy, number by number.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "services/evaluation/statistics/distinct.h"
#include "services/evaluation/statistics/distribution.h"
#include "services/evaluation/statistics/numpy_random.h"
#include "services/evaluation/statistics/paired_comparison.h"

namespace tact::statistics {
namespace {

using Json = nlohmann::json;

constexpr double kRoundoff = 1e-12;

// Written by tests/reference/make_statistics_fixtures.py.
const Json& Golden() {
  static const Json* golden = [] {
    std::ifstream file("testdata/statistics.json");
    return new Json(Json::parse(file));
  }();
  return *golden;
}

TEST(DistributionTest, NumpysNumbers) {
  ASSERT_GE(Golden()["describe"].size(), 7u);
  for (const Json& c : Golden()["describe"]) {
    const std::vector<double> values = c["values"];
    const Distribution found = Describe(values);
    EXPECT_NEAR(found.mean, c["mean"], kRoundoff);
    EXPECT_NEAR(found.stddev, c["std"], kRoundoff);
    EXPECT_NEAR(StandardDeviation(values, 1), c["sample_std"], kRoundoff);
    EXPECT_EQ(found.min, c["min"]);
    EXPECT_EQ(found.max, c["max"]);
    const std::vector<double> quantiles = {found.p5,  found.p25, found.p50,
                                           found.p75, found.p95, found.p99};
    for (size_t i = 0; i < quantiles.size(); ++i) {
      EXPECT_NEAR(quantiles[i], c["quantiles"][i], kRoundoff) << i;
    }
    EXPECT_NEAR(ShareFrom(values, 0.5), c["from_half"], kRoundoff);
  }
}

TEST(DistributionTest, NothingGivesZeros) {
  EXPECT_EQ(Describe({}).mean, 0);
  EXPECT_EQ(Describe({}).p99, 0);
  EXPECT_EQ(ShareFrom({}, 0.5), 0);
}

TEST(DistinctTest, SharesOfDistinctNgrams) {
  for (const Json& c : Golden()["distinct"]) {
    const std::vector<std::string> texts = c["texts"];
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    for (size_t n = 1; n <= 3; ++n) {
      EXPECT_NEAR(DistinctN(views, n), c["n"][n - 1], kRoundoff) << c["texts"] << n;
    }
  }
}

TEST(NumpyRandomTest, DrawsWhatNumpyDraws) {
  // np.random.seed(0); np.random.choice(np.arange(10), size=10)
  EXPECT_EQ(NumpyRandom(0).Choice(10), (std::vector<uint32_t>{5, 0, 3, 3, 7, 9, 3, 5, 2, 4}));
  EXPECT_EQ(NumpyRandom(7).Below(1), 0u);
  // np.random.RandomState(0).randint(0, 2**32, dtype=np.uint32)
  EXPECT_EQ(NumpyRandom(0).Bits(), 2357136044u);
}

PairedOptions OptionsOf(const Json& c) {
  return {.bootstrap = {c["confidence"], c["resamples"], c["seed"]},
          .sign_flips = {10000, c["seed"]}};
}

void ExpectGolden(const PairedComparison& found, const Json& c) {
  EXPECT_NEAR(found.mean_difference, c["mean_difference"], kRoundoff);
  EXPECT_NEAR(found.interval.low, c["interval"][0], kRoundoff);
  EXPECT_NEAR(found.interval.high, c["interval"][1], kRoundoff);
  EXPECT_NEAR(found.sign_flips.p, c["sign_flips"][0], kRoundoff);
  EXPECT_EQ(found.sign_flips.exact, c["sign_flips"][1].get<bool>());
  EXPECT_EQ(found.sign_flips.permutations, c["sign_flips"][2].get<uint32_t>());
  EXPECT_EQ(found.wilcoxon.ranks.plus, c["wilcoxon"]["plus"]);
  EXPECT_EQ(found.wilcoxon.ranks.minus, c["wilcoxon"]["minus"]);
  EXPECT_NEAR(found.wilcoxon.p, c["wilcoxon"]["p"], kRoundoff);
  EXPECT_EQ(found.wilcoxon.exact, c["wilcoxon"]["exact"].get<bool>());
  EXPECT_EQ(found.cohens_d.has_value(), !c["cohens_d"].is_null());
  if (!c["cohens_d"].is_null()) {
    EXPECT_NEAR(found.cohens_d.value_or(0), c["cohens_d"], 1e-11);
  }
  EXPECT_NEAR(found.rank_biserial, c["rank_biserial"], kRoundoff);
}

TEST(PairedComparisonTest, ScipysNumbers) {
  ASSERT_GE(Golden()["pairs"].size(), 16u);
  int exact = 0, drawn = 0, normal = 0;
  for (const Json& c : Golden()["pairs"]) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const std::vector<double> before = c["before"], after = c["after"];
    const PairedComparison found = ComparePairs(before, after, OptionsOf(c));
    ExpectGolden(found, c);
    exact += found.sign_flips.exact;
    drawn += !found.sign_flips.exact;
    normal += !found.wilcoxon.exact;
  }
  EXPECT_GT(exact, 0);
  EXPECT_GT(drawn, 0);
  EXPECT_GT(normal, 0);
}

}  // namespace
}  // namespace tact::statistics
