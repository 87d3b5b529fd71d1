#include "common/base/stall_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace tact {
namespace {

constexpr Vigour kWell = Vigour::kWell, kStuck = Vigour::kStuck, kHopeless = Vigour::kHopeless;

struct Look {
  double now;
  Pulse pulse;
  Vigour expected;
};

void Check(const std::vector<Look>& looks) {
  StallWatch watch({.stuck_seconds = 10, .restart_seconds = 30}, /*max_gap=*/5);
  for (const Look& look : looks) {
    EXPECT_EQ(watch.Observe(look.pulse, look.now), look.expected) << "at " << look.now;
  }
}

TEST(StallWatchTest, AnIdleThreadIsWellForEver) {
  Check({{0, {3, false}, kWell}, {5, {3, false}, kWell}, {1e6, {3, false}, kWell}});
}

TEST(StallWatchTest, StepsThatEndAreWell) {
  Check({{0, {1, true}, kWell},
         {5, {2, true}, kWell},
         {10, {3, true}, kWell},
         {15, {4, true}, kWell},
         {20, {5, true}, kWell}});
}

TEST(StallWatchTest, AStepThatDoesNotEndIsStuckThenHopelessAndRecovers) {
  Check({{100, {7, true}, kWell},
         {105, {7, true}, kWell},
         {109.9, {7, true}, kWell},
         {110, {7, true}, kStuck},
         {115, {7, true}, kStuck},
         {120, {7, true}, kStuck},
         {125, {7, true}, kStuck},
         {130, {7, true}, kHopeless},
         {131, {8, true}, kWell},
         {136, {8, true}, kWell},
         {141, {8, true}, kStuck},
         {142, {8, false}, kWell}});
}

// The time before the first busy look is not the step's.
TEST(StallWatchTest, CountsFromTheFirstBusyLook) {
  Check({{0, {0, false}, kWell},
         {5, {0, true}, kWell},
         {10, {0, true}, kWell},
         {14.9, {0, true}, kWell},
         {15, {0, true}, kStuck}});
}

// SIGSTOP, a suspended machine, a clock that has gone back.
TEST(StallWatchTest, AGapBetweenLooksCountsLittle) {
  Check({{0, {0, true}, kWell},
         {1000, {0, true}, kWell},
         {1004, {0, true}, kWell},
         {900, {0, true}, kWell},
         {905, {0, true}, kStuck}});
}

TEST(HeartbeatTest, TellsStepsAndWork) {
  Heartbeat heart;
  EXPECT_FALSE(heart.pulse().busy);
  heart.BeginStep();
  EXPECT_TRUE(heart.pulse().busy);
  EXPECT_EQ(heart.pulse().steps, 0u);
  heart.EndStep();
  EXPECT_FALSE(heart.pulse().busy);
  EXPECT_EQ(heart.pulse().steps, 1u);
}

}  // namespace
}  // namespace tact
