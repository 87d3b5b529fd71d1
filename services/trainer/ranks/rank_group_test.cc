#include "services/trainer/ranks/rank_group.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/time/clock.h"
#include "services/trainer/ranks/gradient_exchange.h"
#include "services/trainer/testing/thread_ranks.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

absl::Status Go() { return absl::OkStatus(); }

class Worlds : public ::testing::TestWithParam<int> {};

TEST_P(Worlds, SumsEveryRanksTensors) {
  OnRanks(GetParam(), [&](RankGroup& ranks) {
    EXPECT_EQ(ranks.size(), GetParam());
    const float own = static_cast<float>(ranks.rank() + 1);
    const std::vector<at::Tensor> tensors = {at::full({2, 3}, own), at::full({5}, 10 * own)};
    ASSERT_TRUE(ranks.AllReduceSum(tensors).ok());
    const float sum = static_cast<float>(GetParam() * (GetParam() + 1) / 2);
    EXPECT_TRUE(at::equal(tensors[0], at::full({2, 3}, sum)));
    EXPECT_TRUE(at::equal(tensors[1], at::full({5}, 10 * sum)));
  });
}

// More than one bucket of 64 MiB.
TEST_P(Worlds, SumsWhatIsLargerThanABucket) {
  OnRanks(GetParam(), [&](RankGroup& ranks) {
    const at::Tensor numbers = at::arange(17 << 20, at::kInt).to(at::kFloat).remainder(1000);
    const at::Tensor sum = numbers.clone();
    ASSERT_TRUE(ranks.AllReduceSum({{sum}}).ok());
    EXPECT_TRUE(at::equal(sum, numbers * GetParam()));
  });
}

TEST_P(Worlds, EveryRankGetsWhatRankZeroSays) {
  OnRanks(GetParam(), [&](RankGroup& ranks) {
    for (const std::string text : {"", "x", "a longer text"}) {
      const auto heard = ranks.Broadcast(Leads(ranks) ? text : "mine");
      ASSERT_TRUE(heard.ok()) << heard.status();
      EXPECT_EQ(*heard, text);
    }
    const at::Tensor tensor = at::full({4}, ranks.rank(), at::kLong);
    ASSERT_TRUE(ranks.BroadcastTensors({{tensor}}).ok());
    EXPECT_TRUE(at::equal(tensor, at::full({4}, 0, at::kLong)));
  });
}

TEST_P(Worlds, NobodyLeavesABarrierBeforeAllHaveCome) {
  std::atomic<int> come = 0;
  OnRanks(GetParam(), [&](RankGroup& ranks) {
    absl::SleepFor(absl::Milliseconds(40 * ranks.rank()));
    ++come;
    ASSERT_TRUE(ranks.Barrier().ok());
    EXPECT_EQ(come, GetParam());
  });
}

// Rank 0 has gradients of the first two, the others of the second only, nobody of the third.
TEST_P(Worlds, GradientsAddUpAndThoseOfNobodyStayAway) {
  OnRanks(GetParam(), [&](RankGroup& ranks) {
    std::vector<NamedTensor> parameters;
    for (const char* name : {"first", "second", "third"}) {
      parameters.push_back({name, at::full({3}, 1.0f).set_requires_grad(true)});
    }
    if (Leads(ranks)) parameters[0].tensor.mutable_grad() = at::full({3}, 7.0f);
    parameters[1].tensor.mutable_grad() = at::full({3}, 2.0f);
    double loss = 0.5;
    double* const numbers[] = {&loss};
    ASSERT_TRUE(SumGradients(parameters, numbers, ranks).ok());
    EXPECT_EQ(loss, 0.5 * GetParam());
    EXPECT_TRUE(at::equal(parameters[0].tensor.grad(), at::full({3}, 7.0f)));
    EXPECT_TRUE(at::equal(parameters[1].tensor.grad(), at::full({3}, 2.0f * GetParam())));
    EXPECT_FALSE(parameters[2].tensor.grad().defined());
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, Worlds, ::testing::Values(1, 2, 3));

TEST(RankGroup, AnotherFileOnARankIsNamed) {
  OnRanks(2, [](RankGroup& ranks) {
    const absl::Status status =
        CheckSameOnAllRanks("the model", Leads(ranks) ? "5 weights" : "6 weights", ranks);
    EXPECT_EQ(status.ok(), Leads(ranks));
    if (status.ok()) return;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the model: rank 1"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("--models-root"));
  });
}

TEST(RankGroup, WhatRankZeroDoesNotComeToEndsWithTheJob) {
  OnRanks(3, [](RankGroup& ranks) {
    if (Leads(ranks)) return;
    const absl::Status status = ranks.Barrier();
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("rank 0 ended the job: done"));
  });
}

// The worker goes without a word, as one that was killed; a new one takes its place.
TEST(RankGroup, ALostRankIsNamedAndReplaced) {
  const uint16_t port = FreePort();
  const auto host = RankHost::Start(LoopbackSettings(0, 2, port), QuickTimes());
  ASSERT_TRUE(host.ok()) << host.status();
  std::thread first([&] {
    const auto worker = RankWorker::Join(LoopbackSettings(1, 2, port), QuickTimes(), Go);
    ASSERT_TRUE(worker.ok()) << worker.status();
    ASSERT_TRUE((*worker)->NextJob().ok());
    ASSERT_TRUE((*worker)->group().Barrier().ok());
  });
  const auto wait = [](const std::string&) { return absl::OkStatus(); };
  auto group = (*host)->Form(wait);
  ASSERT_TRUE(group.ok()) << group.status();
  ASSERT_TRUE((*host)->BeginJob("job").ok());
  ASSERT_TRUE((*group)->Barrier().ok());
  first.join();
  const absl::Status lost = (*group)->AllReduceSum({{at::full({8}, 1.0f)}});
  EXPECT_TRUE(IsRankLost(lost)) << lost;
  EXPECT_THAT(std::string(lost.message()), HasSubstr("rank 1 of 2 was lost"));
  (*host)->EndJob("lost");

  std::thread second([&] {
    const auto worker = RankWorker::Join(LoopbackSettings(1, 2, port), QuickTimes(), Go);
    ASSERT_TRUE(worker.ok()) << worker.status();
    ASSERT_EQ((*worker)->NextJob().value(), "again");
    ASSERT_TRUE((*worker)->group().Barrier().ok());
  });
  group = (*host)->Form(wait);
  ASSERT_TRUE(group.ok()) << group.status();
  ASSERT_TRUE((*host)->BeginJob("again").ok());
  EXPECT_TRUE((*group)->Barrier().ok());
  second.join();
}

TEST(RankGroup, ARankThatLeavesSaysWhy) {
  OnRanks(1, [](RankGroup& ranks) { EXPECT_TRUE(ranks.Barrier().ok()); });
  const uint16_t port = FreePort();
  const auto host = RankHost::Start(LoopbackSettings(0, 2, port), QuickTimes());
  ASSERT_TRUE(host.ok()) << host.status();
  std::thread leaver([&] {
    const auto worker = RankWorker::Join(LoopbackSettings(1, 2, port), QuickTimes(), Go);
    ASSERT_TRUE(worker.ok()) << worker.status();
    (*worker)->Leave("models/tiny is not there");
  });
  const auto group = (*host)->Form([](const std::string&) { return absl::OkStatus(); });
  ASSERT_TRUE(group.ok()) << group.status();
  ASSERT_TRUE((*host)->BeginJob("job").ok());
  const absl::Status lost = (*group)->Barrier();
  leaver.join();
  EXPECT_THAT(std::string(lost.message()),
              HasSubstr("rank 1 of 2 has left: models/tiny is not there"));
}

TEST(RankGroup, AnotherWorldSizeIsRefused) {
  const uint16_t port = FreePort();
  const auto host = RankHost::Start(LoopbackSettings(0, 2, port), QuickTimes());
  ASSERT_TRUE(host.ok()) << host.status();
  std::atomic<bool> refused = false;
  std::thread wrong([&] {
    const auto worker = RankWorker::Join(LoopbackSettings(1, 3, port), QuickTimes(), Go);
    EXPECT_TRUE(absl::IsInvalidArgument(worker.status()));
    EXPECT_THAT(std::string(worker.status().message()), HasSubstr("WORLD_SIZE"));
    refused = true;
  });
  std::string missing;
  const auto group = (*host)->Form([&](const std::string& who) {
    missing = who;
    return refused ? absl::AbortedError("enough") : absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsAborted(group.status()));
  EXPECT_THAT(missing, HasSubstr("rank 1 of 2 at 127.0.0.1"));
  wrong.join();
}

TEST(RankGroup, APortInUseIsNamed) {
  const uint16_t port = FreePort();
  const auto first = RankHost::Start(LoopbackSettings(0, 2, port), QuickTimes());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = RankHost::Start(LoopbackSettings(0, 2, port), QuickTimes());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("MASTER_PORT"));
}

}  // namespace
}  // namespace tact
