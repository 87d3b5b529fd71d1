#include "common/kernels/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace tact {
namespace {

// How often each call was made.
std::vector<int> Counts(int threads, int64_t n) {
  std::vector<std::atomic<int>> counts(static_cast<size_t>(n));
  RunOnTeam(threads, n, [&](int64_t i) { ++counts[static_cast<size_t>(i)]; });
  return {counts.begin(), counts.end()};
}

TEST(ThreadTeamTest, MakesEachCallOnce) {
  for (const int threads : {1, 2, 4}) {
    for (const int64_t n : {0, 1, 2, 1000}) {
      for (int again = 0; again < 200; ++again) {
        ASSERT_EQ(Counts(threads, n), std::vector<int>(static_cast<size_t>(n), 1));
      }
    }
  }
}

TEST(ThreadTeamTest, OthersHelpAndHaveNumbersOfTheirOwn) {
  std::atomic<int> seen{0};
  // Two calls that each wait for the other: one thread alone would wait forever.
  std::atomic<int> inside{0};
  RunOnTeam(2, 2, [&](int64_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
    seen |= 1 << TeamThread();
  });
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(TeamThread(), 0);
}

TEST(ThreadTeamTest, SleepersAreWoken) {
  for (int again = 0; again < 5; ++again) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // longer than they look out
    std::atomic<int> inside{0};
    RunOnTeam(3, 3, [&](int64_t) {
      ++inside;
      while (inside < 3) std::this_thread::yield();
    });
    EXPECT_EQ(inside, 3);
  }
}

TEST(ThreadTeamTest, CallsMayUseTheTeamAndSoMayOtherThreads) {
  std::atomic<int> calls{0};
  std::vector<std::thread> users;
  for (int user = 0; user < 3; ++user) {
    users.emplace_back([&] {
      for (int again = 0; again < 100; ++again) {
        RunOnTeam(2, 4, [&](int64_t) { RunOnTeam(2, 5, [&](int64_t) { ++calls; }); });
      }
    });
  }
  for (std::thread& user : users) user.join();
  EXPECT_EQ(calls, 3 * 100 * 4 * 5);
}

}  // namespace
}  // namespace tact
