#include "common/base/memory.h"

#include <gtest/gtest.h>

namespace tact {
namespace {

TEST(MemoryTest, TheMachineSaysWhatIsAvailable) {
  EXPECT_EQ(MachineRoom("MemTotal:  2000 kB\nMemFree:  10 kB\nMemAvailable:   1500 kB\n"),
            1500u * 1024);
  EXPECT_EQ(MachineRoom("MemTotal: 2000 kB\n"), std::nullopt);
  EXPECT_EQ(MachineRoom(""), std::nullopt);
}

TEST(MemoryTest, AContainersRoomCountsIdleFilePagesAsFree) {
  EXPECT_EQ(CgroupRoom("1000\n", "700\n", "anon 500\ninactive_file 150\n"), 450u);
  EXPECT_EQ(CgroupRoom("1000\n", "700\n", ""), 300u);
  EXPECT_EQ(CgroupRoom("1000\n", "1200\n", "inactive_file 100\n"), 0u);
  EXPECT_EQ(CgroupRoom("1000\n", "700\n", "inactive_file 9000\n"), 1000u);
  EXPECT_EQ(CgroupRoom("max\n", "700\n", ""), std::nullopt);
  EXPECT_EQ(CgroupRoom("", "", ""), std::nullopt);
}

TEST(MemoryTest, ThisProcessOccupiesSome) {
  EXPECT_GT(ResidentBytes(), 1u << 20);
  EXPECT_GT(AvailableBytes().value(), 1u << 20);
}

}  // namespace
}  // namespace tact
