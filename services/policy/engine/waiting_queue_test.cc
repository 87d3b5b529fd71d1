#include "services/policy/engine/waiting_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tact {
namespace {

std::shared_ptr<Call> MakeCall(absl::Time deadline = absl::InfiniteFuture()) {
  return std::make_shared<Call>(deadline, [](SequenceResult) {});
}

std::vector<PromptTask> Tasks(size_t first, size_t count, size_t tokens = 3) {
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < count; ++i) {
    tasks.push_back({.index = first + i, .prompt_ids = std::vector<int32_t>(tokens, 5)});
  }
  return tasks;
}

std::vector<size_t> PopAll(WaitingQueue& queue) {
  std::vector<size_t> order;
  while (auto next = queue.Pop(100)) order.push_back(next->task.index);
  return order;
}

TEST(WaitingQueueTest, CallersTakeTurns) {
  WaitingQueue queue(10);
  const absl::Time now = absl::UnixEpoch();
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(0, 3), now).ok());
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(10, 1), now).ok());
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(20, 2), now).ok());
  EXPECT_THAT(PopAll(queue), ::testing::ElementsAre(0, 10, 20, 1, 21, 2));
  EXPECT_TRUE(queue.empty());
}

TEST(WaitingQueueTest, RefusesWhatDoesNotFitAsAWhole) {
  WaitingQueue queue(4);
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(0, 3), absl::UnixEpoch()).ok());
  const absl::Status status = queue.Push(MakeCall(), Tasks(10, 2), absl::UnixEpoch());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("queue is full"));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("--max-waiting"));
  EXPECT_EQ(queue.size(), 3u) << "a refused call leaves nothing behind";
}

TEST(WaitingQueueTest, APromptThatDoesNotFitNowKeepsItsTurn) {
  WaitingQueue queue(4);
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(0, 1, 50), absl::UnixEpoch()).ok());
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(1, 1, 2), absl::UnixEpoch()).ok());
  EXPECT_FALSE(queue.Pop(49).has_value());
  EXPECT_EQ(queue.Pop(50)->task.index, 0u);
}

TEST(WaitingQueueTest, RemovesCancelledAndOverdueCallers) {
  WaitingQueue queue(10);
  const absl::Time now = absl::UnixEpoch();
  const auto cancelled = MakeCall();
  ASSERT_TRUE(queue.Push(cancelled, Tasks(0, 2), now).ok());
  ASSERT_TRUE(queue.Push(MakeCall(now + absl::Seconds(1)), Tasks(10, 1), now).ok());
  ASSERT_TRUE(queue.Push(MakeCall(), Tasks(20, 1), now).ok());
  cancelled->Cancel();
  EXPECT_EQ(queue.RemoveUnwanted(now).size(), 2u);
  EXPECT_EQ(queue.RemoveUnwanted(now + absl::Seconds(2)).size(), 1u);
  EXPECT_THAT(PopAll(queue), ::testing::ElementsAre(20));
}

}  // namespace
}  // namespace tact
