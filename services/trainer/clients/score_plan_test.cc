#include "services/trainer/clients/score_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/trainer/clients/circuit.h"

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const ItemAnswer kNothing;

ItemAnswer Score(double value) { return {value}; }

TEST(ScorePlanTest, EachItemIsScoredOnce) {
  ScorePlan plan(3, 2, {});
  EXPECT_THAT(plan.Next(2), ElementsAre(0, 1));
  plan.Answered({0, 1}, 0, {Score(1), Score(2)});
  EXPECT_THAT(plan.Next(2), ElementsAre(2));
  plan.Answered({2}, 1, {Score(3)});
  EXPECT_THAT(plan.Next(2), IsEmpty());
  EXPECT_THAT(plan.scores(), ElementsAre(1, 2, 3));
  EXPECT_EQ(plan.retried(), 0u);
}

TEST(ScorePlanTest, AFailedItemIsAskedForElsewhereUntilItsAttemptsAreUsed) {
  ScoreBudget budget;
  budget.attempts = 3;
  ScorePlan plan(2, 2, budget);
  plan.Answered(plan.Next(9), 0, {Score(1), kNothing});
  EXPECT_THAT(plan.Next(9), ElementsAre(1));
  EXPECT_THAT(plan.Failed({1}), ElementsAre(0));
  plan.Answered({1}, 1, {kNothing});
  EXPECT_THAT(plan.Failed({1}), ElementsAre(0, 1));
  plan.Answered({1}, 0, {kNothing});
  EXPECT_THAT(plan.Next(9), IsEmpty());
  EXPECT_EQ(plan.scores()[1], std::nullopt);
  EXPECT_EQ(plan.retried(), 2u);
}

TEST(ScorePlanTest, ItemsWithAnotherPastAreAskedForApart) {
  ScorePlan plan(3, 2, {});
  plan.Answered({0, 1}, 0, {kNothing, Score(1)});
  EXPECT_THAT(plan.Next(9), ElementsAre(0));
  plan.Answered({0}, 1, {Score(1)});
  EXPECT_THAT(plan.Next(9), ElementsAre(2));
}

TEST(ScorePlanTest, AHopelessItemIsNotAskedForAgain) {
  ScorePlan plan(1, 2, {});
  plan.Answered({0}, 0, {{std::nullopt, true}});
  EXPECT_THAT(plan.Next(9), IsEmpty());
}

TEST(ScorePlanTest, EndsWhenEveryReplicaHasFailedInARow) {
  ScorePlan plan(2, 2, {});
  EXPECT_FALSE(plan.CallFailed({0, 1}, 0));
  EXPECT_THAT(plan.Failed({0, 1}), ElementsAre(0));
  plan.Answered({0}, 1, {Score(1)});
  EXPECT_FALSE(plan.CallFailed({1}, 1)) << "the answer between counts";
  EXPECT_TRUE(plan.CallFailed({1}, 0));
  EXPECT_EQ(plan.retried(), 3u);
}

TEST(ScorePlanTest, PausesGrowWithJitterUpToTheLongest) {
  ScoreBudget budget;
  budget.attempts = 99;
  ScorePlan plan(1, 1, budget);
  EXPECT_EQ(plan.Pause({0}, 0.5), 0);
  const double most[] = {0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2};
  for (double seconds : most) {
    plan.Answered({0}, 0, {kNothing});
    EXPECT_DOUBLE_EQ(plan.Pause({0}, 0), seconds / 2);
    EXPECT_DOUBLE_EQ(plan.Pause({0}, 1), seconds);
  }
}

TEST(CircuitsTest, TakesTurns) {
  Circuits circuits(3, {});
  EXPECT_EQ(circuits.Choose({}, 0), 0u);
  EXPECT_EQ(circuits.Choose({}, 0), 1u);
  EXPECT_EQ(circuits.Choose({2}, 0), 0u);
}

TEST(CircuitsTest, ThreeFailuresInARowOrASlowOneAvoidAReplicaForAWhile) {
  Circuits circuits(2, {3, 5});
  circuits.Failed(0, 0, 1);
  circuits.Failed(0, 0, 1);
  circuits.Succeeded(0);
  circuits.Failed(0, 0, 1);
  circuits.Failed(0, 0, 1);
  EXPECT_FALSE(circuits.IsAvoided(0, 1)) << "not in a row";
  circuits.Failed(0, 0, 1);
  EXPECT_TRUE(circuits.IsAvoided(0, 5.9));
  circuits.Failed(1, 6, 2);
  EXPECT_TRUE(circuits.IsAvoided(1, 6.9)) << "slow";
  EXPECT_FALSE(circuits.IsAvoided(1, 7));
}

TEST(CircuitsTest, OneProbeDecidesAboutAnAvoidedReplica) {
  Circuits circuits(2, {3, 5});
  for (int i = 0; i < 3; ++i) circuits.Failed(0, 0, 0);
  EXPECT_EQ(circuits.Choose({}, 1), 1u);
  EXPECT_EQ(circuits.Choose({}, 1), 1u);
  EXPECT_EQ(circuits.Choose({}, 6), 0u) << "the probe";
  circuits.Failed(0, 0, 6);
  EXPECT_TRUE(circuits.IsAvoided(0, 15)) << "one failure is enough now, and counts double";
  EXPECT_FALSE(circuits.IsAvoided(0, 16));
  circuits.Succeeded(0);
  EXPECT_FALSE(circuits.IsAvoided(0, 10));
}

TEST(CircuitsTest, AvoidanceGrowsToALimit) {
  Circuits circuits(1, {1, 5, 15});
  double now = 0;
  for (double seconds : {5, 10, 15, 15}) {
    circuits.Failed(0, 0, now);
    now += seconds;
    EXPECT_TRUE(circuits.IsAvoided(0, now - 0.1));
    EXPECT_FALSE(circuits.IsAvoided(0, now));
  }
}

TEST(CircuitsTest, WhereAllAreAvoidedTheOneThatIsDueFirstIsAsked) {
  Circuits circuits(2, {1, 5});
  circuits.Failed(0, 0, 3);
  circuits.Failed(1, 0, 1);
  EXPECT_EQ(circuits.Choose({}, 4), 1u);
  EXPECT_EQ(circuits.Choose({1}, 4), 0u);
  EXPECT_EQ(circuits.Choose({0, 1}, 4), 1u);
}

}  // namespace
}  // namespace tact
