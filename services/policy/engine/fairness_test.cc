// Nobody starves: how long a caller can be made to wait by others, over random arrivals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/base/random.h"
#include "services/policy/engine/batch.h"
#include "services/policy/engine/waiting_queue.h"
#include "services/policy/testing/tiny_model.h"

namespace tact {
namespace {

constexpr int64_t kSlots = 4, kLongest = 12;  // sequences at once, tokens of a response

std::shared_ptr<Call> MakeCall(std::function<void(SequenceResult)> on_result) {
  return std::make_shared<Call>(absl::InfiniteFuture(), std::move(on_result));
}

// Between two prompts of a caller, every other caller that waits gives at most one.
TEST(FairnessTest, NoPromptIsOvertakenTwiceByOneCaller) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CounterRng rng(seed);
    WaitingQueue queue(1 << 20);
    std::map<const Call*, size_t> left, due;  // prompts; pops until the next one at the latest
    for (int turn = 0; turn < 2000; ++turn) {
      if (left.empty() || rng.Below(3) == 0) {
        const auto call = MakeCall([](SequenceResult) {});
        const size_t prompts = 1 + rng.Below(rng.Below(10) == 0 ? 200 : 4);
        const std::vector<PromptTask> tasks(prompts, {.prompt_ids = {1}});
        ASSERT_TRUE(queue.Push(call, tasks, absl::UnixEpoch()).ok());
        due[call.get()] = left.size() + 1;
        left[call.get()] = prompts;
        continue;
      }
      const auto next = queue.Pop(1);
      ASSERT_TRUE(next.has_value());
      for (auto& [call, pops] : due) {
        ASSERT_GT(pops, 0u) << "seed " << seed << ", turn " << turn;
        --pops;
      }
      const Call* served = next->call.get();
      due[served] = left.size();
      if (--left[served] > 0) continue;
      left.erase(served);
      due.erase(served);
    }
  }
}

// The engine's loop with steps in place of time.
class SteppedEngine {
 public:
  explicit SteppedEngine(BatchLimits limits = {.max_running = kSlots})
      : config_(testing::TinyConfig()),
        snapshot_(testing::MakeSnapshot(config_, testing::RandomWeights(config_, 3))),
        batch_(limits, {config_.num_decoder_layers, kLongest, config_.num_heads, config_.d_kv}) {}

  // `prompts` responses of exactly `tokens` tokens each.
  void Submit(size_t prompts, int64_t tokens, std::function<void(SequenceResult)> on_result) {
    std::vector<PromptTask> tasks;
    for (size_t i = 0; i < prompts; ++i) {
      PromptTask task = {.index = i, .weights = {snapshot_, nullptr}, .prompt_ids = {5, 6, 1}};
      task.sampling.max_new_tokens = tokens;
      task.sampling.processors.min_new_tokens = tokens;
      tasks.push_back(std::move(task));
    }
    ++callers_;
    const auto call = MakeCall([this, on_result, left = prompts](SequenceResult result) mutable {
      if (--left == 0) --callers_;
      on_result(std::move(result));
    });
    ASSERT_TRUE(queue_.Push(call, std::move(tasks), absl::UnixEpoch()).ok());
  }

  void Step() {
    while (const int64_t room = batch_.Room()) {
      auto next = queue_.Pop(room);
      if (!next) break;
      batch_.Admit(*std::move(next));
    }
    first_tokens_ = batch_.empty() ? 0 : batch_.Step().first_tokens.size();
    ++now_;
  }
  size_t first_tokens() const { return first_tokens_; }  // of the last step
  bool busy() const { return !queue_.empty() || !batch_.empty(); }
  int64_t callers() const { return callers_; }  // with something unfinished
  int64_t now() const { return now_; }

 private:
  const T5Config config_;
  const std::shared_ptr<const Snapshot> snapshot_;
  WaitingQueue queue_{1 << 20};
  Batch batch_;
  int64_t callers_ = 0, now_ = 0;
  size_t first_tokens_ = 0;
};

// All slots are free once within the longest response; callers ahead take one each.
int64_t WorstWait(int64_t callers_ahead) {
  return ((callers_ahead + 1 + kSlots - 1) / kSlots + 1) * (kLongest + 1);
}

TEST(FairnessTest, AShortRequestUnderAFullBatchWaitsForTheLongestResponseAtMost) {
  SteppedEngine engine;
  engine.Submit(200, kLongest, [](SequenceResult) {});
  for (int i = 0; i < 17; ++i) engine.Step();
  const int64_t begin = engine.now();
  int64_t done = -1;
  engine.Submit(1, 2, [&](SequenceResult result) {
    EXPECT_EQ(result.ids.size(), 2u);
    done = engine.now();
  });
  while (done < 0) engine.Step();
  EXPECT_LE(done - begin, kLongest + 2);
  EXPECT_TRUE(engine.busy()) << "the large request is still there";
}

// What runs waits for the encoding of few others between two of its tokens.
TEST(FairnessTest, OnlySoManyPromptTokensJoinWhileOthersRun) {
  SteppedEngine engine(
      {.max_running = 20, .max_encode_tokens = 3 * 6, .max_joining_tokens = 3 * 2});
  engine.Submit(20, kLongest, [](SequenceResult) {});
  for (const size_t joining : {6, 2, 2, 2, 2, 2, 2, 2, 0}) {
    engine.Step();
    EXPECT_EQ(engine.first_tokens(), joining);
  }
}

TEST(FairnessTest, NobodyStarvesUnderRandomArrivals) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    CounterRng rng(100 + seed);
    SteppedEngine engine;
    int64_t unfinished = 0;
    for (int step = 0; step < 300 || engine.busy(); ++step) {
      if (step < 300 && rng.Below(4) == 0) {
        const auto tokens = static_cast<int64_t>(1 + rng.Below(kLongest));
        const size_t prompts = 1 + rng.Below(rng.Below(8) == 0 ? 30 : 2);
        const int64_t begin = engine.now(), ahead = engine.callers();
        bool first = true;
        unfinished += static_cast<int64_t>(prompts);
        engine.Submit(prompts, tokens, [&, begin, ahead, tokens, first](SequenceResult) mutable {
          --unfinished;
          if (!first) return;
          first = false;
          EXPECT_LE(engine.now() - begin, WorstWait(ahead) + tokens) << "seed " << seed;
        });
      }
      engine.Step();
    }
    EXPECT_EQ(unfinished, 0);
  }
}

}  // namespace
}  // namespace tact
