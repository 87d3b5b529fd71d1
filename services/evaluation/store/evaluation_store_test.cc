#include "services/evaluation/store/evaluation_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "services/evaluation/testing.h"

namespace tact {
namespace {

constexpr auto kRunning = v1::EVALUATION_STATE_RUNNING;
constexpr auto kSucceeded = v1::EVALUATION_STATE_SUCCEEDED;

std::unique_ptr<EvaluationStore> Open(const TestFolder& folder, size_t max = 100) {
  auto store = EvaluationStore::Open(folder.path(), max);
  EXPECT_TRUE(store.ok()) << store.status();
  return std::move(*store);
}

std::vector<std::string> Ids(const EvaluationStore::Page& page) {
  std::vector<std::string> ids;
  for (const auto& summary : page.summaries) ids.push_back(summary.id());
  return ids;
}

TEST(EvaluationStoreTest, WhatIsCreatedOutlivesTheProcess) {
  TestFolder folder;
  EXPECT_TRUE(*Open(folder)->Create(MakeEvaluation("a", kRunning, 1)));
  const auto store = Open(folder);
  EXPECT_EQ(store->RunningIds(), std::vector<std::string>{"a"});
  EXPECT_EQ(store->Read("a")->spec().examples(0).id(), "d1");
  EXPECT_EQ(store->Summary("a")->spec().examples_size(), 0) << "summaries carry no examples";
}

TEST(EvaluationStoreTest, TheSameIdIsCreatedOnce) {
  TestFolder folder;
  const auto store = Open(folder);
  EXPECT_TRUE(*store->Create(MakeEvaluation("a", kRunning, 1)));
  EXPECT_FALSE(*store->Create(MakeEvaluation("a", kRunning, 2)));
  EXPECT_EQ(store->Summary("a")->created_at(), 1);
}

TEST(EvaluationStoreTest, APageBeginsBehindTheLastHoweverFineTheClock) {
  TestFolder folder;
  const auto store = Open(folder);
  EXPECT_TRUE(*store->Create(MakeEvaluation("a", kRunning, 1790000000.1234567)));
  EXPECT_TRUE(*store->Create(MakeEvaluation("b", kRunning, 1790000000.1234569)));
  const EvaluationStore::Page first = store->List(1, "").value();
  EXPECT_EQ(Ids(first), std::vector<std::string>{"b"});
  EXPECT_EQ(Ids(store->List(5, first.next_token).value()), std::vector<std::string>{"a"});
}

TEST(EvaluationStoreTest, LeftoversOfACrashGoAndRecordsStay) {
  TestFolder folder;
  EXPECT_TRUE(*Open(folder)->Create(MakeEvaluation("a", kRunning, 1)));
  const auto leftover = folder.path() / "b.evaluation.tmp.123";
  std::ofstream(leftover) << "half";
  const auto store = Open(folder);
  EXPECT_FALSE(std::filesystem::exists(leftover));
  EXPECT_TRUE(store->Summary("a").ok());
}

TEST(EvaluationStoreTest, DamagedFilesAreSkippedLoudlyAndKept) {
  struct Case {
    const char* name;
    void (*damage)(const std::filesystem::path&);
  };
  const std::vector<Case> cases = {
      {"truncated", [](const auto& path) { std::filesystem::resize_file(path, 90); }},
      {"empty", [](const auto& path) { std::filesystem::resize_file(path, 0); }},
      {"foreign", [](const auto& path) { std::ofstream(path) << "something else"; }},
      {"one bit",
       [](const auto& path) {
         std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(100);
         file.put('\x7f');
       }},
  };
  for (const Case& c : cases) {
    TestFolder folder;
    {
      const auto store = Open(folder);
      ASSERT_TRUE(*store->Create(MakeEvaluation("good", kRunning, 1)));
      ASSERT_TRUE(*store->Create(MakeEvaluation("bad", kRunning, 2)));
    }
    const auto path = folder.path() / "bad.evaluation";
    c.damage(path);
    InitLogging("evaluation_test");
    testing::internal::CaptureStderr();
    const auto store = Open(folder);
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("bad.evaluation"), std::string::npos) << c.name << ": " << log;
    EXPECT_EQ(store->Summary("bad").status().code(), absl::StatusCode::kNotFound) << c.name;
    EXPECT_TRUE(store->Summary("good").ok()) << c.name;
    EXPECT_TRUE(std::filesystem::exists(path)) << c.name;
  }
}

TEST(EvaluationStoreTest, AFileThatIsDamagedWhileServingIsDataLoss) {
  TestFolder folder;
  const auto store = Open(folder);
  ASSERT_TRUE(*store->Create(MakeEvaluation("a", kRunning, 1)));
  std::filesystem::resize_file(folder.path() / "a.evaluation", 90);
  EXPECT_EQ(store->Read("a").status().code(), absl::StatusCode::kDataLoss);
}

TEST(EvaluationStoreTest, ListsNewestFirstInPages) {
  TestFolder folder;
  const auto store = Open(folder);
  const std::vector<std::pair<std::string, double>> created = {
      {"b", 2.5}, {"c", 2.5}, {"a", 3.000001}, {"d", 1.0}};
  for (const auto& [id, time] : created) {
    ASSERT_TRUE(*store->Create(MakeEvaluation(id, kSucceeded, time)));
  }
  const auto first = store->List(3, "");
  EXPECT_EQ(Ids(*first), (std::vector<std::string>{"a", "c", "b"}));
  const auto second = store->List(3, first->next_token);
  EXPECT_EQ(Ids(*second), std::vector<std::string>{"d"});
  EXPECT_EQ(second->next_token, "");
  EXPECT_EQ(store->List(3, "rubbish").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(EvaluationStoreTest, AboveTheBoundTheOldestEndedGoesAndRunningOnesStay) {
  TestFolder folder;
  const auto store = Open(folder, 2);
  ASSERT_TRUE(*store->Create(MakeEvaluation("running", kRunning, 1)));
  ASSERT_TRUE(*store->Create(MakeEvaluation("ended", kSucceeded, 2)));
  ASSERT_TRUE(*store->Create(MakeEvaluation("new", kRunning, 3)));
  EXPECT_FALSE(store->Summary("ended").ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "ended.evaluation"));
  const auto full = store->Create(MakeEvaluation("more", kRunning, 4));
  EXPECT_EQ(full.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(EvaluationStoreTest, WatchersSeeProgressAndTheEnd) {
  TestFolder folder;
  const auto store = Open(folder);
  v1::Evaluation evaluation = MakeEvaluation("a", kRunning, 1);
  ASSERT_TRUE(*store->Create(evaluation));
  const auto first = store->WaitForChange("a", 0, absl::Seconds(5));
  std::thread worker([&] { store->SetProgress("a", 1); });
  const auto second = store->WaitForChange("a", first->revision, absl::Seconds(5));
  worker.join();
  EXPECT_EQ(second->summary.done(), 1u);
  evaluation.set_state(kSucceeded);
  ASSERT_TRUE(store->Finish(evaluation).ok());
  const auto third = store->WaitForChange("a", second->revision, absl::Seconds(5));
  EXPECT_EQ(third->summary.state(), kSucceeded);
  EXPECT_EQ(store->WaitForChange("x", 0, absl::Seconds(5)).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(EvaluationStoreTest, AFolderThatCannotBeMadeIsNamedWithTheFlag) {
  const auto store = EvaluationStore::Open("/proc/no/such", 1);
  EXPECT_FALSE(store.ok());
  EXPECT_NE(store.status().message().find("--data-dir"), std::string::npos) << store.status();
}

}  // namespace
}  // namespace tact
