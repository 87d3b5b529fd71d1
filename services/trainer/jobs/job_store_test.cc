#include "services/trainer/jobs/job_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "common/base/metrics.h"
#include "common/base/strings.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class JobStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  // What a restart of the trainer sees.
  void Reopen() {
    store_.reset();
    store_ = JobStore::Open(folder_.path() / "jobs.db").value();
  }
  v1::Job Create(const std::string& request_id, const std::string& name = "a") {
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_LORA);
    spec.set_name(name);
    return store_->Create(request_id, spec, spec).value();
  }

  TempFolder folder_;
  std::unique_ptr<JobStore> store_;
};

TEST_F(JobStoreTest, SurvivesAReopen) {
  const v1::Job job = Create("r1");
  Reopen();
  const auto again = store_->Get(job.id());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(again->spec().name(), "a");
  EXPECT_EQ(again->spec().publish_as(), job.id());  // no name was given
}

TEST_F(JobStoreTest, GaugesCountJobsByStateAndOutliveAReopen) {
  const auto line = [](const char* state, int jobs) {
    return StrCat("tact_trainer_jobs{state=\"", state, "\"} ", jobs, "\n");
  };
  const v1::Job first = Create("r1");
  Create("r2");
  EXPECT_THAT(MetricsText(), HasSubstr(line("queued", 2)));
  const auto fail = [](v1::Job& job) { job.set_state(v1::JOB_STATE_FAILED); };
  ASSERT_TRUE(store_->Update(first.id(), false, fail).ok());
  EXPECT_THAT(MetricsText(), HasSubstr(line("queued", 1)));
  EXPECT_THAT(MetricsText(), HasSubstr(line("failed", 1)));
  EXPECT_FALSE(store_->Update(first.id(), false, fail).ok()) << "it has ended";
  Reopen();
  const std::string text = MetricsText();
  EXPECT_THAT(text, HasSubstr(line("queued", 1)));
  EXPECT_THAT(text, HasSubstr(line("failed", 1)));
  EXPECT_THAT(text, HasSubstr(line("running", 0)));
}

TEST_F(JobStoreTest, SameRequestSameJob) {
  const v1::Job job = Create("r1");
  Reopen();
  EXPECT_EQ(Create("r1").id(), job.id());
  EXPECT_THAT(store_->Unfinished().value(), SizeIs(1));
  v1::JobSpec other;
  other.set_kind(v1::JOB_KIND_PPO);
  EXPECT_TRUE(absl::IsAlreadyExists(store_->Create("r1", other, other).status()));
  EXPECT_TRUE(absl::IsAlreadyExists(store_->FindRequest("r1", other).status()));
}

TEST_F(JobStoreTest, WithoutARequestIdEachCallIsANewJob) {
  EXPECT_NE(Create("").id(), Create("").id());
}

TEST_F(JobStoreTest, UnknownJobIsNotFoundAndSaysHowToFindOthers) {
  const absl::Status status = store_->Get("nope").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("ListJobs"));
}

TEST_F(JobStoreTest, EventsCountUpAndResume) {
  const std::string id = Create("r1").id();
  for (uint32_t step : {1u, 2u}) {
    ASSERT_TRUE(store_->Update(id, true, [&](v1::Job& job) { job.set_step(step); }).ok());
  }
  Reopen();
  const auto all = store_->EventsAfter(id, 0, 100).value();
  ASSERT_THAT(all, SizeIs(3));  // created, two steps
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].sequence, i + 1);
  EXPECT_FALSE(all[0].is_step);
  EXPECT_TRUE(all[2].is_step);
  EXPECT_EQ(all[2].job.step(), 2u);
  EXPECT_EQ(all[2].job.spec().name(), "a");
  EXPECT_THAT(store_->EventsAfter(id, 2, 100).value(), SizeIs(1));
  EXPECT_THAT(store_->EventsAfter(id, 0, 1).value(), SizeIs(1));
}

TEST_F(JobStoreTest, AnEndedJobNeverChanges) {
  const std::string id = Create("r1").id();
  ASSERT_TRUE(
      store_->Update(id, false, [](v1::Job& job) { job.set_state(v1::JOB_STATE_FAILED); }).ok());
  EXPECT_GT(store_->Get(id)->finished_at(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Update(id, false, [](v1::Job&) {}).status()));
  EXPECT_THAT(store_->Unfinished().value(), SizeIs(0));
}

TEST_F(JobStoreTest, PagesFromNewestToOldest) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Create("r" + std::to_string(i)).id());
  std::vector<std::string> seen;
  std::string token;
  do {
    const JobPage page = store_->List(2, token).value();
    for (const v1::Job& job : page.jobs) seen.push_back(job.id());
    token = page.next_page_token;
  } while (!token.empty());
  std::reverse(seen.begin(), seen.end());
  EXPECT_EQ(seen, ids);
  EXPECT_TRUE(absl::IsInvalidArgument(store_->List(2, "x").status()));
}

TEST_F(JobStoreTest, CancelIsRememberedOverARestart) {
  const std::string id = Create("r1").id();
  EXPECT_FALSE(store_->IsCancelRequested(id));
  ASSERT_TRUE(store_->RequestCancel(id).ok());
  Reopen();
  EXPECT_TRUE(store_->IsCancelRequested(id));
}

TEST_F(JobStoreTest, VersionsOnlyGrow) {
  EXPECT_EQ(store_->NextVersion("m", 0).value(), 1u);
  EXPECT_EQ(store_->NextVersion("m", 0).value(), 2u);
  EXPECT_EQ(store_->NextVersion("m", 10).value(), 11u);  // a replica serves 10
  Reopen();
  EXPECT_EQ(store_->NextVersion("m", 3).value(), 12u);
  EXPECT_EQ(store_->NextVersion("n", 0).value(), 1u);
}

TEST_F(JobStoreTest, PublishedModelsComeBack) {
  ASSERT_TRUE(store_->SetPublished({"m", 3, "ab", "results/x", "base", 8, 32.0, "job"}).ok());
  Reopen();
  const auto published = store_->Published().value();
  ASSERT_THAT(published, SizeIs(1));
  EXPECT_EQ(published[0].model, "m");
  EXPECT_EQ(published[0].version, 3u);
  EXPECT_EQ(published[0].parent, "base");
  EXPECT_EQ(published[0].rank, 8u);
  EXPECT_EQ(published[0].alpha, 32.0);
  EXPECT_EQ(published[0].job_id, "job");
}

TEST_F(JobStoreTest, AFileThatIsNoDatabaseIsAnError) {
  store_.reset();
  {
    std::ofstream file(folder_.path() / "other.db");
    file << std::string(4096, 'x');
  }
  const auto opened = JobStore::Open(folder_.path() / "other.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("other.db"));
}

}  // namespace
}  // namespace tact
