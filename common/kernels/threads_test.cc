#include "common/kernels/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/kernels/cpu.h"

namespace tact {
namespace {

TEST(ThreadsTest, TakesWhatIsAskedOrWhatThereIs) {
  EXPECT_EQ(ConfigureThreads(1), 1);
  EXPECT_EQ(ConfigureThreads(0), AvailableCpus());
  EXPECT_GE(AvailableCpus(), 1);
}

TEST(ThreadsTest, ParallelForRunsEachOnce) {
  for (const int64_t n : {0, 1, 100}) {
    std::vector<std::atomic<int>> counts(static_cast<size_t>(n));
    ParallelFor(n, [&](int64_t i) { ++counts[static_cast<size_t>(i)]; });
    for (const auto& count : counts) EXPECT_EQ(count, 1);
  }
}

TEST(ThreadsTest, ParallelRowsTakesEachRowOnce) {
  for (const int64_t rows : {0, 1, 32, 33, 200}) {
    std::vector<std::atomic<int>> counts(static_cast<size_t>(rows));
    ParallelRows(rows, [&](int64_t first, int64_t count) {
      for (int64_t i = first; i < first + count; ++i) ++counts[static_cast<size_t>(i)];
    });
    for (const auto& count : counts) EXPECT_EQ(count, 1);
  }
}

TEST(ThreadsTest, GoesOnWhereTheWaitPolicyIsSet) {
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  char* arguments[] = {nullptr};
  EnsurePassiveWait(arguments);  // returns instead of running this program again
  EXPECT_STREQ(std::getenv("OMP_WAIT_POLICY"), "passive");
}

TEST(CpuTest, SaysWhatItFound) {
  const CpuFeatures& cpu = GetCpuFeatures();
  EXPECT_TRUE(cpu.avx2 || !cpu.avx512);
  EXPECT_EQ(DescribeCpu().find("avx512") != std::string::npos, cpu.avx512);
  EXPECT_FALSE(DescribeCpu().empty());
}

}  // namespace
}  // namespace tact
