// Printing, and the classifier's quality.
#include "services/tactctl/output.h"

#include <gmock/gmock.h>

#include <sstream>
#include <vector>

#include "services/tactctl/classification.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/progress.h"
#include "services/tactctl/upload.h"

namespace tact::ctl {
namespace {

TEST(TableTest, ColumnsAreAlignedByCodePointsAndTheLastIsCut) {
  Table table({"NAME", "TEXT"});
  table.Add({"Zoë", "a long text\nwith two lines"});
  table.Add({"Bo", "short"});
  std::ostringstream out;
  table.Print(out, 20);
  EXPECT_EQ(out.str(),
            "NAME  TEXT\n"
            "Zoë   a long text...\n"
            "Bo    short\n");
}

TEST(OutputTest, FitCutsAtCodePoints) {
  EXPECT_EQ(Fit("äöüß", 4), "äöüß");
  EXPECT_EQ(Fit("äöüßé", 4), "ä...");
}

TEST(OutputTest, SecondsAreWrittenForPeople) {
  EXPECT_EQ(Seconds(2.5), "2.5 s");
  EXPECT_EQ(Seconds(59), "59 s");
  EXPECT_EQ(Seconds(200), "3 min 20 s");
  EXPECT_EQ(Seconds(3900), "1 h 5 min");
}

TEST(ProgressTest, BarShowsTheShare) {
  EXPECT_EQ(Bar(1, 2, 4), "[##..] 50 %");
  EXPECT_EQ(Bar(0, 0, 4), "[....] 0 %");
  EXPECT_EQ(Bar(9, 2, 4), "[####] 100 %");
}

TEST(ProgressTest, APpoLineShowsRewardAndKl) {
  v1::Job job;
  job.mutable_spec()->set_kind(v1::JOB_KIND_PPO);
  job.set_state(v1::JOB_STATE_RUNNING);
  job.set_step(12);
  job.set_total_steps(60);
  job.set_seconds_left(38);
  job.mutable_last_metrics()->set_reward_mean(1.5);
  job.mutable_last_metrics()->set_kl(0.25);
  job.mutable_last_metrics()->set_response_tokens(14.2);
  job.mutable_last_metrics()->set_weight_version(12);
  EXPECT_EQ(ProgressLine(job, false),
            "ppo  step 12/60  reward 1.500  kl 0.250  14.2 tokens  weights v12  38 s left");
  job.set_state(v1::JOB_STATE_WAITING);
  job.set_message("the reward service is down");
  EXPECT_THAT(ProgressLine(job, true), ::testing::HasSubstr("waiting: the reward service is down"));
}

TEST(UploadTest, PairsAreKnownByTheirFirstLine) {
  EXPECT_EQ(GuessDatasetKind("{\"prompt\":\"a\",\"response\":\"b\"}\n"), v1::DATASET_KIND_PAIRS);
  EXPECT_EQ(GuessDatasetKind("id,dialogue,summary,topic\n"), v1::DATASET_KIND_DIALOGUES);
  EXPECT_EQ(GuessDatasetKind("{\"dialogue\":\"a prompt response\"}"), v1::DATASET_KIND_DIALOGUES);
}

TEST(ClassificationTest, AreaUnderCurveCountsPairs) {
  struct Case {
    const char* why;
    std::vector<Judged> judged;
    std::optional<double> area;
    double accuracy;
  };
  const std::vector<Case> cases = {
      {"perfect", {{0.9, true}, {0.1, false}}, 1.0, 1.0},
      {"reversed", {{0.1, true}, {0.9, false}}, 0.0, 0.0},
      {"all tied", {{0.5, true}, {0.5, false}}, 0.5, 0.5},
      {"three of four pairs", {{0.8, true}, {0.3, true}, {0.4, false}, {0.1, false}}, 0.75, 0.75},
      {"one class", {{0.8, true}}, std::nullopt, 1.0},
      {"none", {}, std::nullopt, 0.0},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(AreaUnderCurve(one.judged), one.area) << one.why;
    EXPECT_EQ(Accuracy(one.judged), one.accuracy) << one.why;
  }
}

}  // namespace
}  // namespace tact::ctl
