#include "services/trainer/clients/reward_clients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/trainer/testing/fake_services.h"

namespace tact {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Optional;

std::vector<v1::ScoreItem> Items(const std::vector<std::string>& texts) {
  std::vector<v1::ScoreItem> items;
  for (const std::string& text : texts) items.emplace_back().set_text(text);
  return items;
}

class RewardClientsTest : public ::testing::Test {
 protected:
  // Time stands still but for the pauses.
  RewardSettings Settings() {
    RewardSettings settings;
    settings.now = [this] { return now_; };
    settings.sleep = [this](double seconds) { now_ += seconds; };
    return settings;
  }

  RewardClients Both(const RewardSettings& settings) {
    return RewardClients({first_.address(), second_.address()}, settings);
  }

  FakeReward first_, second_;
  double now_ = 0;
  const std::vector<v1::ScoreItem> items_ = Items({"a", "bb", "ccc"});
};

TEST_F(RewardClientsTest, AFailedCallGoesToAnotherReplicaAndIsCounted) {
  RewardClients clients = Both(Settings());
  first_.FailCalls(1);
  const ScoreOutcome outcome = clients.Score(items_, "neutral").value();
  EXPECT_THAT(outcome.scores, Each(Optional(Gt(0))));
  EXPECT_EQ(outcome.retried, 3u);
  EXPECT_EQ(second_.scored, 3);
}

TEST_F(RewardClientsTest, AnItemThatOneReplicaFailsIsScoredByTheOther) {
  RewardClients clients = Both(Settings());
  first_.FailItem("bb");
  const ScoreOutcome outcome = clients.Score(items_, "neutral").value();
  EXPECT_THAT(outcome.scores, Each(Optional(Gt(0))));
  EXPECT_EQ(outcome.retried, 1u);
  EXPECT_EQ(second_.scored, 1);
  EXPECT_GT(now_, 0) << "there is a pause before";
}

TEST_F(RewardClientsTest, AnItemThatAllFailIsLeftOutAfterItsBudget) {
  RewardClients clients = Both(Settings());
  first_.FailItem("bb");
  second_.FailItem("bb");
  const ScoreOutcome outcome = clients.Score(items_, "neutral").value();
  EXPECT_EQ(outcome.scores[1], std::nullopt);
  EXPECT_THAT(outcome.scores[2], Optional(Gt(0)));
  EXPECT_EQ(outcome.retried, 3u);
}

TEST_F(RewardClientsTest, TheBatchsTimeEndsTheRetries) {
  RewardSettings settings = Settings();
  settings.budget.attempts = 1000;
  settings.budget.total_seconds = 20;
  RewardClients clients = Both(settings);
  first_.FailItem("bb");
  second_.FailItem("bb");
  EXPECT_EQ(clients.Score(items_, "neutral")->scores[1], std::nullopt);
  EXPECT_LT(now_, 25);
}

TEST_F(RewardClientsTest, ANanIsNoScore) {
  RewardClients clients = Both(Settings());
  first_.ScoreNan(true);
  EXPECT_THAT(clients.Score(items_, "neutral")->scores, Each(Optional(Gt(0))));
  second_.ScoreNan(true);
  EXPECT_THAT(clients.Score(items_, "neutral")->scores, Each(std::nullopt));
}

TEST_F(RewardClientsTest, ASlowReplicaIsLeftAtTheDeadlineAndAvoided) {
  RewardSettings settings = Settings();
  settings.budget.call_seconds = 0.2;
  settings.circuit.slow_seconds = 0.1;
  RewardClients clients = Both(settings);
  first_.StallCalls(100);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(clients.Score(items_, "neutral").ok());
  EXPECT_EQ(first_.calls, 1);
  EXPECT_EQ(second_.scored, 12);
  now_ += 100;  // it is probed again
  first_.StallCalls(0);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(clients.Score(items_, "neutral").ok());
  EXPECT_GT(first_.calls, 1);
}

TEST_F(RewardClientsTest, AllDownIsUnavailableAndNamesOne) {
  RewardClients clients = Both(Settings());
  first_.FailCalls(100);
  second_.FailCalls(100);
  const absl::Status status = clients.Score(items_, "neutral").status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("tact-reward at " + second_.address()));
  first_.FailCalls(0);
  second_.FailCalls(0);
  EXPECT_TRUE(clients.Score(items_, "neutral").ok()) << "it goes on at once";
}

TEST_F(RewardClientsTest, AStopEndsACallThatHangs) {
  RewardClients clients = Both(Settings());
  first_.StallCalls(1);
  const auto status =
      clients
          .Score(
              items_, "neutral",
              [this] { return first_.calls > 0 ? absl::AbortedError("stop") : absl::OkStatus(); })
          .status();
  EXPECT_TRUE(absl::IsAborted(status));
}

}  // namespace
}  // namespace tact
