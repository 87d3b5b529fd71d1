// Properties that hold for any pairs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "services/evaluation/statistics/paired_comparison.h"

namespace tact::statistics {
namespace {

struct Pairs {
  std::vector<double> before, after;
};

// Rounded to a sixteenth every other time, so that there are ties and pairs without a difference.
Pairs RandomPairs(std::mt19937& random) {
  Pairs pairs;
  const size_t n = 1 + random() % 80;
  const bool coarse = random() % 2 == 0;
  std::uniform_real_distribution<double> draw(0, 1);
  for (size_t i = 0; i < n; ++i) {
    for (std::vector<double>* side : {&pairs.before, &pairs.after}) {
      const double x = draw(random);
      side->push_back(coarse ? std::round(16 * x) / 16 : x);
    }
  }
  return pairs;
}

PairedOptions Quick() {
  return {.bootstrap = {.resamples = 50}, .sign_flips = {.permutations = 500}};
}

void ExpectEqual(const PairedComparison& a, const PairedComparison& b) {
  EXPECT_EQ(a.mean_before, b.mean_before);
  EXPECT_EQ(a.mean_after, b.mean_after);
  EXPECT_EQ(a.mean_difference, b.mean_difference);
  EXPECT_EQ(a.interval.low, b.interval.low);
  EXPECT_EQ(a.interval.high, b.interval.high);
  EXPECT_EQ(a.sign_flips.p, b.sign_flips.p);
  EXPECT_EQ(a.wilcoxon.ranks.plus, b.wilcoxon.ranks.plus);
  EXPECT_EQ(a.wilcoxon.p, b.wilcoxon.p);
  EXPECT_EQ(a.cohens_d, b.cohens_d);
  EXPECT_EQ(a.rank_biserial, b.rank_biserial);
}

// What the comparison the other way round would say.
PairedComparison Mirror(PairedComparison c) {
  std::swap(c.mean_before, c.mean_after);
  c.mean_difference = -c.mean_difference;
  c.interval = {-c.interval.high, -c.interval.low};
  std::swap(c.wilcoxon.ranks.plus, c.wilcoxon.ranks.minus);
  if (c.cohens_d.has_value()) c.cohens_d = -*c.cohens_d;
  c.rank_biserial = -c.rank_biserial;
  return c;
}

TEST(PairedPropertiesTest, TheOrderOfThePairsChangesNothing) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const Pairs pairs = RandomPairs(random);
    std::vector<size_t> order(pairs.before.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    Pairs shuffled;
    for (const size_t i : order) {
      shuffled.before.push_back(pairs.before[i]);
      shuffled.after.push_back(pairs.after[i]);
    }
    ExpectEqual(ComparePairs(pairs.before, pairs.after, Quick()),
                ComparePairs(shuffled.before, shuffled.after, Quick()));
  }
}

TEST(PairedPropertiesTest, ExchangingTheSidesMirrorsSignsOnly) {
  std::mt19937 random(2);
  for (int round = 0; round < 60; ++round) {
    const Pairs pairs = RandomPairs(random);
    ExpectEqual(ComparePairs(pairs.after, pairs.before, Quick()),
                Mirror(ComparePairs(pairs.before, pairs.after, Quick())));
  }
}

TEST(PairedPropertiesTest, EqualSidesGiveNoDifferenceAndPOfOne) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    const std::vector<double> side = RandomPairs(random).before;
    const PairedComparison found = ComparePairs(side, side, Quick());
    EXPECT_EQ(found.mean_difference, 0);
    EXPECT_EQ(found.interval.low, 0);
    EXPECT_EQ(found.interval.high, 0);
    EXPECT_EQ(found.sign_flips.p, 1);
    EXPECT_EQ(found.wilcoxon.p, 1);
    EXPECT_EQ(found.cohens_d, 0);
    EXPECT_EQ(found.rank_biserial, 0);
  }
}

TEST(PairedPropertiesTest, PIsAProbabilityAndTheIntervalIsInOrder) {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const Pairs pairs = RandomPairs(random);
    const PairedComparison found = ComparePairs(pairs.before, pairs.after, Quick());
    for (const double p : {found.sign_flips.p, found.wilcoxon.p}) {
      EXPECT_GT(p, 0);
      EXPECT_LE(p, 1);
    }
    EXPECT_LE(found.interval.low, found.interval.high);
  }
}

TEST(PairedPropertiesTest, PairsWithoutADifferenceChangeNoTest) {
  const std::vector<double> before = {0.5, 0.25, 0.75}, after = {0.25, 0.125, 0.875};
  std::vector<double> more_before = before, more_after = after;
  for (int i = 0; i < 30; ++i) {
    more_before.push_back(0.5);
    more_after.push_back(0.5);
  }
  const PairedComparison few = ComparePairs(before, after),
                         many = ComparePairs(more_before, more_after);
  EXPECT_EQ(few.sign_flips.p, many.sign_flips.p);
  EXPECT_EQ(few.wilcoxon.p, many.wilcoxon.p);
}

TEST(PairedPropertiesTest, AClearDifferenceHasASmallP) {
  std::vector<double> before, after;
  for (int i = 0; i < 40; ++i) {
    before.push_back(0.8 + 0.001 * i);
    after.push_back(0.1 + 0.002 * i);
  }
  const PairedComparison found = ComparePairs(before, after);
  EXPECT_LT(found.sign_flips.p, 0.001);
  EXPECT_LT(found.wilcoxon.p, 0.001);
  EXPECT_LT(found.interval.high, 0);
  EXPECT_EQ(found.rank_biserial, -1);
}

}  // namespace
}  // namespace tact::statistics
