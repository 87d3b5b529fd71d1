#include "tests/bench/engine/arrivals.h"

#include <gtest/gtest.h>

#include <limits>

namespace tact::bench {
namespace {

constexpr MixedWork kWork = {.work = "mixed",
                             .requests = 4000,
                             .prompt_tokens = {20, 400},
                             .new_tokens = {8, 96},
                             .seed = 3};

TEST(ArrivalsTest, GapsAverageTheRateAndVaryAsExponentialOnes) {
  const auto arrivals = PoissonArrivals(kWork, 5);
  ASSERT_EQ(arrivals.size(), 4000u);
  double before = 0, sum = 0, squares = 0;
  for (const Arrival& arrival : arrivals) {
    const double gap = arrival.at - before;
    ASSERT_GE(gap, 0);
    before = arrival.at;
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / 4000;
  EXPECT_NEAR(mean, 0.2, 0.01);
  EXPECT_NEAR(squares / 4000 - mean * mean, mean * mean, 0.1 * mean * mean);
}

TEST(ArrivalsTest, LengthsStayInTheirRangesAndReachThem) {
  int64_t least = 1000, most = 0;
  for (const Arrival& arrival : PoissonArrivals(kWork, 5)) {
    EXPECT_GE(arrival.new_tokens, 8);
    EXPECT_LE(arrival.new_tokens, 96);
    least = std::min(least, arrival.prompt_tokens);
    most = std::max(most, arrival.prompt_tokens);
  }
  EXPECT_EQ(least, 20);
  EXPECT_EQ(most, 400);
}

TEST(ArrivalsTest, LengthsDoNotDependOnTheRate) {
  const auto slow = PoissonArrivals(kWork, 1);
  const auto at_once = PoissonArrivals(kWork, std::numeric_limits<double>::infinity());
  for (size_t i = 0; i < slow.size(); ++i) {
    EXPECT_EQ(slow[i].prompt_tokens, at_once[i].prompt_tokens);
    EXPECT_EQ(at_once[i].at, 0);
  }
}

TEST(ArrivalsTest, BatchTakesWhatHasArrivedUpToItsLimit) {
  const Arrival arrivals[] = {{0.0, 1, 1}, {0.1, 1, 1}, {0.2, 1, 1}, {5.0, 1, 1}};
  EXPECT_EQ(BatchEnd(arrivals, 0, 0.15, 16), 2u);
  EXPECT_EQ(BatchEnd(arrivals, 0, 1.0, 16), 3u);
  EXPECT_EQ(BatchEnd(arrivals, 0, 1.0, 2), 2u);
  EXPECT_EQ(BatchEnd(arrivals, 3, 1.0, 16), 4u) << "the first is taken even where it is to come";
}

}  // namespace
}  // namespace tact::bench
