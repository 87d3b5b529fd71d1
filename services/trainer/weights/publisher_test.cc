#include "services/trainer/weights/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/sha256.h"
#include "services/trainer/testing/fake_services.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/quorum.h"

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::PublishSettings Quorum(uint32_t least) {
  v1::PublishSettings settings;
  settings.set_mode(v1::PUBLISH_MODE_QUORUM);
  settings.set_min_replicas(least);
  return settings;
}

TEST(QuorumTest, CountsWhatIsNeeded) {
  EXPECT_EQ(NeededReplicas({}, 3), 3u);
  EXPECT_EQ(NeededReplicas(Quorum(2), 3), 2u);
  EXPECT_EQ(NeededReplicas(Quorum(5), 3), 3u) << "never more than there are";
  EXPECT_EQ(NeededReplicas(Quorum(0), 2), 2u);
  EXPECT_EQ(NeededReplicas(Quorum(0), 3), 2u);
  EXPECT_EQ(NeededReplicas(Quorum(0), 4), 3u);
}

TEST(QuorumTest, DecidesAsSoonAsItCan) {
  const std::optional<absl::Status> open, ok = absl::OkStatus(),
                                          down = absl::UnavailableError("down"),
                                          wrong = absl::DataLossError("wrong");
  using Code = absl::StatusCode;
  struct Case {
    std::vector<std::optional<absl::Status>> answers;
    size_t needed;
    std::optional<Code> decided;
  } cases[] = {
      {{open, open, open}, 2, std::nullopt},
      {{ok, open, open}, 2, std::nullopt},
      {{ok, open, ok}, 2, Code::kOk},
      {{ok, down, ok}, 2, Code::kOk},
      {{ok, down, open}, 2, std::nullopt},
      {{ok, down, down}, 2, Code::kUnavailable},
      {{open, down, open}, 3, Code::kUnavailable},
      {{ok, wrong, ok}, 3, Code::kDataLoss},
      {{ok, wrong, down}, 2, Code::kUnavailable},  // the one that is down may come back
      {{wrong, down, wrong}, 2, Code::kDataLoss},
  };
  for (const Case& c : cases) {
    const auto decided = DecideQuorum(c.answers, c.needed);
    ASSERT_EQ(decided.has_value(), c.decided.has_value());
    if (decided) {
      EXPECT_EQ(decided->code(), *c.decided);
    }
  }
}

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest()
      : store_(JobStore::Open(folder_.path() / "jobs.db").value()),
        publisher_(*store_, folder_.path(),
                   {replicas_[0].address(), replicas_[1].address(), replicas_[2].address()}) {}

  static WeightPayload Payload(uint64_t version) {
    WeightPayload payload;
    payload.model = "tuned";
    payload.version = version;
    payload.bytes = std::make_shared<const std::string>("weights " + std::to_string(version));
    payload.sha256 = Sha256Hex(*payload.bytes);
    return payload;
  }

  std::vector<uint64_t> Versions() {
    std::vector<uint64_t> out;
    for (const FakePolicy& replica : replicas_) out.push_back(replica.version("tuned"));
    return out;
  }

  TempFolder folder_;
  FakePolicy replicas_[3] = {{TinyT5Config(), 1}, {TinyT5Config(), 1}, {TinyT5Config(), 1}};
  std::unique_ptr<JobStore> store_;
  Publisher publisher_;
};

TEST_F(PublisherTest, AllMeansAll) {
  EXPECT_TRUE(publisher_.Publish(Payload(1)).ok());
  EXPECT_THAT(Versions(), ElementsAre(1, 1, 1));
  replicas_[1].SetDown(true);
  const absl::Status status = publisher_.Publish(Payload(2));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("tact-policy at " + replicas_[1].address()));
}

TEST_F(PublisherTest, AQuorumDoesNotWaitForTheSlowOrTheDead) {
  replicas_[0].SlowPushes(1000);
  EXPECT_TRUE(publisher_.Publish(Payload(1), {Quorum(2), {}}).ok());
  EXPECT_THAT(Versions(), ElementsAre(0, 1, 1));
  EXPECT_THAT(publisher_.Serving("tuned", 1), ElementsAre(1, 2));
  replicas_[1].SetDown(true);
  EXPECT_TRUE(publisher_.Publish(Payload(2), {Quorum(1), {}}).ok());
  EXPECT_THAT(publisher_.Serving("tuned", 2), ElementsAre(2));
}

TEST_F(PublisherTest, TooFewForTheQuorumIsUnavailable) {
  replicas_[0].SetDown(true);
  replicas_[1].SetDown(true);
  EXPECT_TRUE(absl::IsUnavailable(publisher_.Publish(Payload(1), {Quorum(2), {}})));
}

TEST_F(PublisherTest, OneThatIsBackGetsTheNewestInTheBackground) {
  ASSERT_TRUE(publisher_.Start().ok());
  replicas_[0].SetDown(true);
  ASSERT_TRUE(publisher_.Publish(Payload(1), {Quorum(2), {}}).ok());
  ASSERT_TRUE(publisher_.Publish(Payload(2), {Quorum(2), {}}).ok());
  EXPECT_THAT(MetricsText(), HasSubstr("tact_trainer_policy_replicas{state=\"lagging\"} 1"));
  replicas_[0].SetDown(false);
  const Stopwatch watch;
  while (replicas_[0].version("tuned") < 2 && watch.Seconds() < 20) {
    publisher_.state().WaitForChange(absl::Milliseconds(20));
  }
  EXPECT_THAT(Versions(), ElementsAre(2, 2, 2));
}

TEST_F(PublisherTest, AVersionIsReservedWithoutThoseThatAreAway) {
  replicas_[0].SetDown(true);
  EXPECT_TRUE(absl::IsUnavailable(publisher_.ReserveVersion("tuned").status()));
  EXPECT_EQ(publisher_.ReserveVersion("tuned", {Quorum(2), {}}).value(), 1u);
  EXPECT_EQ(publisher_.ReserveVersion("tuned", {Quorum(2), {}}).value(), 2u);
}

TEST_F(PublisherTest, AReplicaThatShowsAHigherVersionLaterIsAnErrorUntilItIsOvertaken) {
  {
    Publisher other(*JobStore::Open(folder_.path() / "other.db").value(), folder_.path(),
                    {replicas_[0].address()});
    ASSERT_TRUE(other.Publish(Payload(7)).ok());
  }
  replicas_[0].SetDown(true);
  const PublishTerms terms{Quorum(2), {}};
  ASSERT_EQ(publisher_.ReserveVersion("tuned", terms).value(), 1u);
  ASSERT_TRUE(publisher_.Publish(Payload(1), terms).ok());
  replicas_[0].SetDown(false);
  const absl::Status status = publisher_.Reconcile();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("serves \"tuned\" at version 7, above the newest that this trainer has "
                        "published, 1"));
  EXPECT_THAT(publisher_.Serving("tuned", 1), ElementsAre(1, 2)) << "those are not our weights";
  ASSERT_EQ(publisher_.ReserveVersion("tuned", terms).value(), 8u);
  ASSERT_TRUE(publisher_.Publish(Payload(8)).ok());
  EXPECT_THAT(Versions(), ElementsAre(8, 8, 8));
}

TEST_F(PublisherTest, WhatThisTrainerPushedBeforeItsLastStartIsNotSomebodyElses) {
  for (uint64_t version = 1; version <= 3; ++version) {
    ASSERT_EQ(publisher_.ReserveVersion("tuned").value(), version);
  }
  ASSERT_TRUE(publisher_.Publish(Payload(3)).ok());
  Publisher next(*store_, folder_.path(), {replicas_[0].address()});
  next.state().SetDesired(Payload(1));  // the newest that is durable
  EXPECT_TRUE(next.Reconcile().ok());
  EXPECT_EQ(replicas_[0].version("tuned"), 3u);
}

TEST_F(PublisherTest, AStopEndsAPushThatHangs) {
  for (FakePolicy& replica : replicas_) replica.SlowPushes(1000);
  int asked = 0;
  const PublishTerms terms{
      {}, [&] { return ++asked > 3 ? absl::AbortedError("stop") : absl::OkStatus(); }};
  EXPECT_TRUE(absl::IsAborted(publisher_.Publish(Payload(1), terms)));
}

TEST_F(PublisherTest, ASuspectServesNothingUntilItHasBeenAskedAgain) {
  ASSERT_TRUE(publisher_.Publish(Payload(1)).ok());
  replicas_[2].SetDown(true);
  publisher_.state().Suspect(2);
  EXPECT_THAT(publisher_.Serving("tuned", 1), ElementsAre(0, 1));
  replicas_[2].SetDown(false);
  ASSERT_TRUE(publisher_.Reconcile().ok());
  EXPECT_THAT(publisher_.Serving("tuned", 1), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace tact
