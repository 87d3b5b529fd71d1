#include "common/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace tact {
namespace {

TEST(BoundedQueueTest, FullIsAnAnswer) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(second)));
  ASSERT_NE(second, nullptr);  // a refused item stays with its owner
  EXPECT_EQ(**queue.Pop(), 1);
}

TEST(BoundedQueueTest, CloseWakesReadersAfterTheLastItem) {
  BoundedQueue<int> queue(4);
  queue.TryPush(1);
  int taken = 0;
  std::thread reader([&] {
    while (queue.Pop()) ++taken;
  });
  queue.TryPush(2);
  queue.Close();
  reader.join();
  EXPECT_EQ(taken, 2);
  EXPECT_FALSE(queue.TryPush(3));
}

TEST(BoundedQueueTest, PopGivesUpAfterItsTimeout) {
  BoundedQueue<int> queue(1);
  EXPECT_FALSE(queue.Pop(absl::Milliseconds(1)).has_value());
}

}  // namespace
}  // namespace tact
