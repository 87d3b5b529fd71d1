#include "common/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace tact {
namespace {

// Known answers of the Random123 distribution for philox4x32-10.
TEST(PhiloxTest, KnownAnswers) {
  const std::array<uint32_t, 4> zeros = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  EXPECT_EQ(Philox(0, 0, 0), zeros);
  const std::array<uint32_t, 4> ones = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  EXPECT_EQ(Philox(~0ULL, ~0ULL, ~0ULL), ones);
}

TEST(CounterRngTest, StateIsKeyAndCounter) {
  CounterRng first(7);
  for (int i = 0; i < 10; ++i) first.Uniform();
  CounterRng resumed(first.key(), first.counter());
  EXPECT_EQ(first.Uniform(), resumed.Uniform());
}

TEST(CounterRngTest, MomentsAreRight) {
  CounterRng rng(1);
  double sum = 0, squares = 0, uniform = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.Normal();
    sum += x;
    squares += x * x;
    uniform += rng.Uniform();
  }
  EXPECT_NEAR(sum / n, 0, 0.03);
  EXPECT_NEAR(squares / n, 1, 0.04);
  EXPECT_NEAR(uniform / n, 0.5, 0.01);
}

TEST(CounterRngTest, BelowCoversItsRange) {
  CounterRng rng(3);
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.Below(5));
  EXPECT_EQ(seen, (std::set<uint64_t>{0, 1, 2, 3, 4}));
}

TEST(MixKeyTest, NeighboursDiffer) {
  std::set<uint64_t> seen;
  for (uint64_t a = 0; a < 30; ++a) {
    for (uint64_t b = 0; b < 30; ++b) seen.insert(MixKey(a, b));
  }
  EXPECT_EQ(seen.size(), 900u);
}

}  // namespace
}  // namespace tact
