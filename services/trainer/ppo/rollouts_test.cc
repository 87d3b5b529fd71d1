#include "services/trainer/ppo/rollouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/sha256.h"
#include "services/trainer/ppo/rollout_shares.h"
#include "services/trainer/testing/fake_services.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/tiny_models.h"

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(RolloutSharesTest, ReadyReplicasGetEqualShares) {
  RolloutShares shares({1, 2, 3, 4, 5}, 3, 10);
  EXPECT_THAT(shares.Next(0, {0, 2}, 0), ElementsAre(1, 2, 3));
  EXPECT_THAT(shares.Next(2, {0, 2}, 0), ElementsAre(4, 5));
  EXPECT_THAT(shares.Next(1, {0, 1, 2}, 0), IsEmpty());
}

TEST(RolloutSharesTest, OneAloneGetsAll) {
  RolloutShares shares({1, 2, 3}, 2, 10);
  EXPECT_THAT(shares.Next(1, {1}, 0), ElementsAre(1, 2, 3));
}

TEST(RolloutSharesTest, WhatAReplicaLosesGoesToTheOthers) {
  RolloutShares shares({1, 2, 3, 4}, 2, 10);
  shares.Next(0, {0, 1}, 0);
  shares.Next(1, {0, 1}, 0);
  EXPECT_TRUE(shares.Take(1, 0, 1));
  EXPECT_EQ(shares.Return(0), 1u);
  EXPECT_TRUE(shares.Take(3, 1, 1));
  EXPECT_TRUE(shares.Take(4, 1, 1));
  EXPECT_EQ(shares.Return(1), 0u);
  EXPECT_FALSE(shares.Done());
  EXPECT_THAT(shares.Next(1, {1}, 2), ElementsAre(2));
  EXPECT_TRUE(shares.Take(2, 1, 3));
  EXPECT_TRUE(shares.Done());
}

TEST(RolloutSharesTest, WhatMakesNoProgressIsMadeElsewhereAndTakenOnce) {
  RolloutShares shares({1, 2, 3, 4}, 2, 10);
  shares.Next(0, {0, 1}, 0);
  shares.Next(1, {0, 1}, 0);
  EXPECT_TRUE(shares.Take(1, 0, 5));
  EXPECT_TRUE(shares.Take(3, 1, 5));
  EXPECT_TRUE(shares.Take(4, 1, 5));
  EXPECT_THAT(shares.Next(1, {0, 1}, 15), IsEmpty()) << "it may still come";
  EXPECT_THAT(shares.Next(1, {0, 1}, 15.1), ElementsAre(2));
  EXPECT_TRUE(shares.Take(2, 0, 16));
  EXPECT_FALSE(shares.Take(2, 1, 16)) << "the second answer";
  EXPECT_FALSE(shares.Holds(1));
}

constexpr char kModel[] = "tuned";

class RolloutsTest : public ::testing::Test {
 protected:
  RolloutsTest()
      : store_(JobStore::Open(folder_.path() / "jobs.db").value()),
        publisher_(*store_, folder_.path(), {first_.address(), second_.address()}) {
    request_.set_model(kModel);
    for (uint64_t i = 0; i < 12; ++i) request_.add_prompts()->set_id(i);
  }

  // The same weights under the next version.
  absl::Status Push() {
    payload_.model = kModel;
    payload_.bytes = std::make_shared<const std::string>("weights");
    payload_.sha256 = Sha256Hex(*payload_.bytes);
    PublishTerms terms;
    terms.settings.set_mode(v1::PUBLISH_MODE_QUORUM);
    terms.settings.set_min_replicas(1);
    ++payload_.version;
    request_.set_min_weight_version(payload_.version);
    return publisher_.Publish(payload_, terms);
  }

  absl::StatusOr<std::vector<v1::Rollout>> Collect() {
    return CollectRollouts(
        publisher_, request_,
        [this] { return stop_ ? absl::AbortedError("stop") : absl::OkStatus(); }, patience_);
  }

  void ExpectWhole(const absl::StatusOr<std::vector<v1::Rollout>>& rollouts) {
    ASSERT_TRUE(rollouts.ok()) << rollouts.status();
    ASSERT_THAT(*rollouts, SizeIs(12));
    for (uint64_t i = 0; i < 12; ++i) EXPECT_EQ((*rollouts)[i].prompt_id(), i);
  }

  TempFolder folder_;
  FakePolicy first_{TinyT5Config(), 1}, second_{TinyT5Config(), 1};
  std::unique_ptr<JobStore> store_;
  Publisher publisher_;
  WeightPayload payload_;
  v1::StreamRolloutsRequest request_;
  RolloutPatience patience_{0.3, 0.2};
  std::atomic<bool> stop_ = false;
};

TEST_F(RolloutsTest, EachPromptIsMadeOnce) {
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(publisher_.Reconcile().ok());
  ExpectWhole(Collect());
  EXPECT_EQ(first_.rollouts() + second_.rollouts(), 12);
}

TEST_F(RolloutsTest, TheRestOfADeadReplicaGoesToTheOther) {
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(publisher_.Reconcile().ok());
  first_.FailRollouts(1);
  ExpectWhole(Collect());
  EXPECT_EQ(first_.rollouts() + second_.rollouts(), 12) << "each prompt once";
}

TEST_F(RolloutsTest, AReplicaThatHangsIsLeft) {
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(publisher_.Reconcile().ok());
  first_.StallRollouts(1000);
  ExpectWhole(Collect());
  EXPECT_EQ(second_.rollouts(), 12);
}

TEST_F(RolloutsTest, ALaggingReplicaIsCaughtUpBeforeItServes) {
  second_.SetDown(true);
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(Push().ok());
  second_.SetDown(false);
  EXPECT_EQ(second_.version(kModel), 0u);
  first_.SetDown(true);
  ExpectWhole(Collect());
  EXPECT_EQ(second_.version(kModel), 2u) << "its keeper has pushed";
  EXPECT_EQ(second_.rollouts(), 12);
}

TEST_F(RolloutsTest, AReplicaThatCameBackEmptyIsCaughtUpAndTheWorkDone) {
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(publisher_.Reconcile().ok());
  first_.Forget();
  second_.Forget();
  ExpectWhole(Collect());
  EXPECT_EQ(std::max(first_.version(kModel), second_.version(kModel)), 1u);
}

TEST_F(RolloutsTest, AllDownIsUnavailable) {
  ASSERT_TRUE(Push().ok());
  ASSERT_TRUE(publisher_.Reconcile().ok());
  first_.SetDown(true);
  second_.SetDown(true);
  const absl::Status status = Collect().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("tact-policy at 127.0.0.1"));
}

TEST_F(RolloutsTest, AStreamThatEndsWellWithoutAllIsAnError) {
  ASSERT_TRUE(Push().ok());
  first_.OmitRollouts(1000);
  second_.OmitRollouts(1000);
  const absl::Status status = Collect().status();
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("without every rollout"));
}

TEST_F(RolloutsTest, AStopIsSeenWhileEverybodyHangs) {
  ASSERT_TRUE(Push().ok());
  first_.StallRollouts(1000);
  second_.StallRollouts(1000);
  patience_ = {1000, 1000};
  stop_ = true;
  EXPECT_TRUE(absl::IsAborted(Collect().status()));
}

TEST(CheckRolloutTest, OnlyWholeRolloutsOfTheRightVersionCount) {
  v1::Rollout rollout;
  rollout.set_weight_version(3);
  EXPECT_FALSE(CheckRollout(rollout, 3).ok());
  rollout.add_token_ids(5);
  EXPECT_FALSE(CheckRollout(rollout, 3).ok());
  rollout.add_logprobs(-1);
  EXPECT_TRUE(CheckRollout(rollout, 3).ok());
  EXPECT_FALSE(CheckRollout(rollout, 4).ok());
  rollout.set_logprobs(0, NAN);
  EXPECT_FALSE(CheckRollout(rollout, 3).ok());
}

}  // namespace
}  // namespace tact
