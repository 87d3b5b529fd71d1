#include "services/trainer/ranks/pulse_watch.h"

#include <gtest/gtest.h>

namespace tact {
namespace {

absl::Time At(int seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

TEST(PulseWatch, FindsTheRankThatIsSilentLongest) {
  PulseWatch watch;
  for (int second = 0; second <= 20; ++second) {
    watch.Observe(1, second, At(second));
    watch.Observe(2, std::min(second, 5), At(second));  // beats until second 5
    watch.Observe(3, std::min(second, 8), At(second));
  }
  EXPECT_FALSE(watch.FindSilent(absl::Seconds(15), At(20)));
  const auto silent = watch.FindSilent(absl::Seconds(10), At(20));
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->rank, 2);
  EXPECT_EQ(silent->silence, absl::Seconds(15));
}

TEST(PulseWatch, TheFirstSightBeginsTheSilence) {
  PulseWatch watch;
  watch.Observe(1, 40, At(100));
  EXPECT_FALSE(watch.FindSilent(absl::Seconds(10), At(109)));
  EXPECT_TRUE(watch.FindSilent(absl::Seconds(10), At(111)));
}

TEST(PulseWatch, AliveIsWhoWasSeenToBeat) {
  PulseWatch watch;
  EXPECT_FALSE(watch.IsAlive(1, absl::Seconds(3), At(0)));
  watch.Observe(1, 7, At(0));  // perhaps of a process that is gone
  EXPECT_FALSE(watch.IsAlive(1, absl::Seconds(3), At(0)));
  watch.Observe(1, 8, At(1));
  EXPECT_TRUE(watch.IsAlive(1, absl::Seconds(3), At(4)));
  EXPECT_FALSE(watch.IsAlive(1, absl::Seconds(3), At(5)));
}

}  // namespace
}  // namespace tact
