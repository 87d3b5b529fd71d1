#include "services/evaluation/toxicity_stats.h"

#include <gtest/gtest.h>

#include <vector>

namespace tact {
namespace {

TEST(ToxicityStatsTest, NumpysDefinitions) {
  const std::vector<double> values = {0.1, 0.5, 0.9, 0.3};
  const v1::ToxicityStats stats = SummariseToxicity(values);
  EXPECT_NEAR(stats.mean(), 0.45, 1e-12);
  EXPECT_NEAR(stats.stddev(), 0.2958039891549808, 1e-12) << "numpy.std, population";
  EXPECT_EQ(stats.max(), 0.9);
  EXPECT_EQ(stats.ratio(), 0.5) << "0.5 itself counts";
  EXPECT_EQ(stats.threshold(), 0.5);
  EXPECT_NEAR(stats.quantiles().p5(), 0.13, 1e-12);
  EXPECT_NEAR(stats.quantiles().p50(), 0.4, 1e-12);
  EXPECT_EQ(SummariseToxicity(values, 0.9).ratio(), 0.25);
}

TEST(ToxicityStatsTest, NoTextsGiveZeros) {
  EXPECT_EQ(SummariseToxicity({}).mean(), 0);
  EXPECT_EQ(SummariseToxicity({}).max(), 0);
}

}  // namespace
}  // namespace tact
