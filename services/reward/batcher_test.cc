#include "services/reward/batcher.h"

#include <gtest/gtest.h>

#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/steady_time.h"
#include "services/reward/batcher_metrics.h"

namespace tact {
namespace {

using Ids = Batcher::TokenIds;

// One "logit" for each text, the sum of its ids; remembers the batches.
class SumEngine {
 public:
  Batcher::Engine Engine() {
    return {.run = [this](const Batcher::Texts& texts) { return Run(texts); }};
  }
  // Runs wait until then.
  absl::Notification go;
  absl::Notification first_run_started;
  std::vector<std::vector<size_t>> lengths() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lengths_;
  }

 private:
  absl::StatusOr<std::vector<float>> Run(const Batcher::Texts& texts) {
    std::vector<float> sums;
    std::vector<size_t> lengths;
    for (const auto& text : texts) {
      sums.push_back(static_cast<float>(std::accumulate(text.begin(), text.end(), 0)));
      lengths.push_back(text.size());
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      lengths_.push_back(lengths);
    }
    if (!first_run_started.HasBeenNotified()) first_run_started.Notify();
    go.WaitForNotification();
    return sums;
  }
  std::mutex mutex_;
  std::vector<std::vector<size_t>> lengths_;
};

TEST(BatcherTest, EachTextGetsItsOwnLogitsInOrder) {
  SumEngine engine;
  engine.go.Notify();
  Batcher batcher({}, engine.Engine());
  const auto logits = batcher.Score({{1, 2}, {10}, {5, 5, 5}, {7}});
  ASSERT_TRUE(logits.ok()) << logits.status();
  EXPECT_EQ(*logits, (std::vector<Batcher::Logits>{{3}, {10}, {15}, {7}}));
}

TEST(BatcherTest, ARunThatHangsIsBusyWithoutProgressAndGivenUpCallsAreCounted) {
  SumEngine engine;
  Batcher batcher({}, engine.Engine());
  EXPECT_FALSE(batcher.pulse().busy);
  const double before = BatcherMetrics::Get().deadline.Value();
  std::thread caller([&] {
    const CallerPatience patience{.deadline = SteadyNow() + absl::Milliseconds(50)};
    EXPECT_TRUE(absl::IsDeadlineExceeded(batcher.Score({{1, 2}}, patience).status()));
  });
  engine.first_run_started.WaitForNotification();
  caller.join();
  EXPECT_EQ(BatcherMetrics::Get().deadline.Value(), before + 1);
  EXPECT_TRUE(batcher.pulse().busy);
  EXPECT_EQ(batcher.pulse().steps, 0u);
  engine.go.Notify();
  while (batcher.pulse().busy) std::this_thread::yield();
  EXPECT_EQ(batcher.pulse().steps, 1u);
}

TEST(BatcherTest, NoTextsNeedNoEngine) {
  SumEngine engine;
  engine.go.Notify();
  Batcher batcher({}, engine.Engine());
  EXPECT_TRUE(batcher.Score({})->empty());
  EXPECT_TRUE(engine.lengths().empty());
}

TEST(BatcherTest, WaitingTextsOfManyCallersShareOneRunSortedByLength) {
  SumEngine engine;
  Batcher batcher({}, engine.Engine());
  std::vector<std::thread> callers;
  callers.emplace_back([&] { EXPECT_TRUE(batcher.Score({{1}}).ok()); });
  engine.first_run_started.WaitForNotification();  // the others now meet a busy engine
  std::atomic<int> asked = 0;
  for (int i = 2; i <= 5; ++i) {
    callers.emplace_back([&batcher, &asked, i] {
      CallerPatience patience;
      patience.cancelled = [&asked, first = true]() mutable {
        if (std::exchange(first, false)) ++asked;  // called once it is in the queue
        return false;
      };
      const auto logits = batcher.Score({Ids(i, 1), Ids(1, i)}, patience);
      ASSERT_TRUE(logits.ok());
      EXPECT_EQ(*logits, (std::vector<Batcher::Logits>{{float(i)}, {float(i)}}));
    });
  }
  while (asked < 4) absl::SleepFor(absl::Milliseconds(1));
  engine.go.Notify();
  for (auto& caller : callers) caller.join();
  const auto lengths = engine.lengths();
  ASSERT_EQ(lengths.size(), 2u);
  EXPECT_EQ(lengths[1], (std::vector<size_t>{5, 4, 3, 2, 1, 1, 1, 1}));
}

TEST(BatcherTest, ARunKeepsToTheTokenBudgetButALongTextRunsAlone) {
  SumEngine engine;
  engine.go.Notify();
  Batcher batcher({.max_batch_tokens = 4}, engine.Engine());
  const auto logits = batcher.Score({Ids(3, 1), Ids(1, 1), Ids(9, 1), Ids(2, 1), Ids(2, 1), {1}});
  ASSERT_TRUE(logits.ok());
  EXPECT_EQ(engine.lengths(), (std::vector<std::vector<size_t>>{{3, 1}, {9}, {2, 2}, {1}}));
}

TEST(BatcherTest, AFullQueueRefusesAtOnceWithTheCureAndScoresNothing) {
  SumEngine engine;
  Batcher batcher({.max_queue = 3}, engine.Engine());
  std::thread first([&] { EXPECT_TRUE(batcher.Score({{1}}).ok()); });
  engine.first_run_started.WaitForNotification();
  const auto refused = batcher.Score({{1}, {2}, {3}, {4}});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(refused.status().message().find("--max-queue (now 3)"), std::string::npos);
  engine.go.Notify();
  first.join();
  EXPECT_TRUE(batcher.Score({{1}, {2}, {3}}).ok()) << "nothing of the refused call is left";
}

TEST(BatcherTest, APassedDeadlineAndACancelFreeTheQueue) {
  SumEngine engine;
  Batcher batcher({.max_queue = 2}, engine.Engine());
  std::thread first([&] { EXPECT_TRUE(batcher.Score({{1}}).ok()); });
  engine.first_run_started.WaitForNotification();
  const auto late = batcher.Score({{2}, {3}}, {.deadline = SteadyNow() + absl::Milliseconds(30)});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  const auto gone = batcher.Score({{4}, {5}}, {.cancelled = [] { return true; }});
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kCancelled);
  engine.go.Notify();
  first.join();
  EXPECT_TRUE(batcher.Score({{6}, {7}}).ok());
  EXPECT_EQ(engine.lengths().size(), 2u) << "texts of callers that gave up never ran";
}

// Calls that wait behind a busy engine, in the order in which they are made.
class Crowd {
 public:
  explicit Crowd(Batcher& batcher) : batcher_(batcher) {}
  ~Crowd() {
    for (auto& caller : callers_) caller.join();
  }
  void Call(Ids text, absl::Time deadline) {
    auto queued = std::make_shared<absl::Notification>();
    CallerPatience patience{deadline, [queued] {
                              if (!queued->HasBeenNotified()) queued->Notify();
                              return false;
                            }};
    callers_.emplace_back([this, text = std::move(text), patience = std::move(patience)] {
      EXPECT_TRUE(batcher_.Score({text}, patience).ok());
    });
    queued->WaitForNotification();
  }

 private:
  Batcher& batcher_;
  std::vector<std::thread> callers_;
};

TEST(BatcherTest, TheEarliestDeadlineGoesFirstUntilOthersHaveWaitedLongEnough) {
  for (const bool patient : {true, false}) {
    SumEngine engine;
    Batcher batcher(
        {.max_batch_tokens = 1, .max_wait = patient ? absl::Hours(2) : absl::ZeroDuration()},
        engine.Engine());
    const absl::Time now = SteadyNow();
    {
      Crowd crowd(batcher);
      crowd.Call({1}, absl::InfiniteFuture());
      engine.first_run_started.WaitForNotification();
      crowd.Call(Ids(2, 1), absl::InfiniteFuture());
      crowd.Call(Ids(3, 1), now + absl::Minutes(20));
      crowd.Call(Ids(4, 1), now + absl::Minutes(10));
      engine.go.Notify();
    }
    using Runs = std::vector<std::vector<size_t>>;
    EXPECT_EQ(engine.lengths(), patient ? (Runs{{1}, {4}, {3}, {2}}) : (Runs{{1}, {2}, {3}, {4}}));
  }
}

TEST(BatchBudget, ARunIsNoLongerThanItsMostUrgentTextCanWait) {
  const absl::Time now = absl::UnixEpoch();
  BatchBudget budget(4096);
  EXPECT_EQ(budget.Tokens(now, now + absl::Milliseconds(1)), 4096) << "no pace is known";
  budget.Observe(0, 1);
  budget.Observe(1000, 0);
  EXPECT_EQ(budget.Tokens(now, now), 4096);
  budget.Observe(1000, 1);
  EXPECT_EQ(budget.Tokens(now, now + absl::Seconds(1)), 700);
  EXPECT_EQ(budget.Tokens(now, now + absl::Hours(1)), 4096);
  EXPECT_EQ(budget.Tokens(now, now - absl::Seconds(1)), 0);
  EXPECT_EQ(budget.Tokens(now, absl::InfiniteFuture()), 4096);
  for (int i = 0; i < 50; ++i) budget.Observe(2000, 1);
  EXPECT_NEAR(static_cast<double>(budget.Tokens(now, now + absl::Seconds(1))), 1400, 2);
}

TEST(BatcherTest, AnErrorOfTheEngineReachesTheCallerAndTheBatcherGoesOn) {
  int run = 0;
  Batcher batcher({}, {.run = [&](const Batcher::Texts&) -> absl::StatusOr<std::vector<float>> {
                    if (++run == 1) return absl::DataLossError("broken");
                    if (run == 2) throw std::runtime_error("thrown");
                    return std::vector<float>{1};
                  }});
  EXPECT_EQ(batcher.Score({{1}}).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(batcher.Score({{1}}).status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(batcher.Score({{1}}).ok());
}

}  // namespace
}  // namespace tact
