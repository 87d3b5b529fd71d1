#include "tests/load/outcomes.h"

#include <gmock/gmock.h>

namespace tact::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(OutcomesTest, RefusalsAndWhatACallerBroughtOnItselfAreAllowed) {
  Outcomes outcomes;
  outcomes.Add(Kind::kGenerate, grpc::StatusCode::OK, 1);
  outcomes.Add(Kind::kScore, grpc::StatusCode::RESOURCE_EXHAUSTED, 0.01);
  outcomes.Add(Kind::kCancelled, grpc::StatusCode::CANCELLED, 1);
  outcomes.Add(Kind::kExpired, grpc::StatusCode::DEADLINE_EXCEEDED, 1);
  EXPECT_THAT(outcomes.Broken(50), IsEmpty());
  EXPECT_EQ(outcomes.count(), 4u);
  EXPECT_THAT(outcomes.Table(), HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST(OutcomesTest, OtherAnswersAndLateRefusalsAreNot) {
  Outcomes outcomes;
  outcomes.Add(Kind::kGenerate, grpc::StatusCode::DEADLINE_EXCEEDED, 1);
  outcomes.Add(Kind::kScore, grpc::StatusCode::UNAVAILABLE, 1);
  for (int i = 0; i < 98; ++i) outcomes.Add(Kind::kScore, grpc::StatusCode::RESOURCE_EXHAUSTED, 0);
  for (int i = 0; i < 4; ++i) outcomes.Add(Kind::kStream, grpc::StatusCode::RESOURCE_EXHAUSTED, 1);
  EXPECT_THAT(outcomes.Broken(50),
              ElementsAre(HasSubstr("Generate ended with DEADLINE_EXCEEDED"),
                          HasSubstr("Score ended with UNAVAILABLE"), HasSubstr("1000.0 ms")));
}

TEST(OutcomesTest, MemoryMayGrowAtTheBeginningOnly) {
  EXPECT_THAT(BrokenByGrowth("policy", {100, 300, 310, 305, 310, 315}), IsEmpty());
  EXPECT_THAT(BrokenByGrowth("policy", {100, 100, 310, 305, 310, 415}),
              ElementsAre(HasSubstr("policy")));
  EXPECT_THAT(BrokenByGrowth("policy", {100}), IsEmpty());
}

}  // namespace
}  // namespace tact::load
