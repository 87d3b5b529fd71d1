#include "services/trainer/ppo/guards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/base/status.h"
#include "services/trainer/ppo/staleness.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

constexpr double kFirstTokens = 20;

v1::StepMetrics HealthyStep() {
  v1::StepMetrics metrics;
  metrics.set_step(7);
  metrics.set_kl(2);
  metrics.set_response_tokens(20);
  metrics.set_distinct_2(.6);
  metrics.set_reward_stddev(1);
  return metrics;
}

v1::CollapseGuards AllGuards(uint32_t patience) {
  v1::CollapseGuards guards;
  guards.set_patience(patience);
  guards.set_max_kl(5);
  guards.set_min_length_ratio(.4);
  guards.set_max_length_ratio(2);
  guards.set_min_distinct_2(.1);
  guards.set_min_reward_stddev(.01);
  return guards;
}

TEST(GuardWatchTest, EachGuardTripsAndNamesItself) {
  struct GuardCase {
    const char* guard;
    std::function<void(v1::StepMetrics&)> spoil;
  };
  const GuardCase cases[] = {
      {"max_kl", [](v1::StepMetrics& m) { m.set_kl(5.1); }},
      {"min_length_ratio", [](v1::StepMetrics& m) { m.set_response_tokens(7.9); }},
      {"max_length_ratio", [](v1::StepMetrics& m) { m.set_response_tokens(41); }},
      {"min_distinct_2", [](v1::StepMetrics& m) { m.set_distinct_2(.05); }},
      {"min_reward_stddev", [](v1::StepMetrics& m) { m.set_reward_stddev(0); }},
  };
  for (const GuardCase& c : cases) {
    GuardWatch watch(AllGuards(2));
    v1::StepMetrics bad = HealthyStep();
    c.spoil(bad);
    EXPECT_TRUE(watch.Observe(HealthyStep(), kFirstTokens).ok()) << c.guard;
    EXPECT_TRUE(watch.Observe(bad, kFirstTokens).ok()) << c.guard;
    // A healthy step in between starts the count anew.
    EXPECT_TRUE(watch.Observe(HealthyStep(), kFirstTokens).ok()) << c.guard;
    EXPECT_TRUE(watch.Observe(bad, kFirstTokens).ok()) << c.guard;
    const absl::Status status = watch.Observe(bad, kFirstTokens);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.guard));
    EXPECT_THAT(std::string(status.message()), HasSubstr("step 7"));
    EXPECT_EQ(GetErrorDetail(status)->reason, "COLLAPSE") << c.guard;
    GuardWatch off((v1::CollapseGuards()));
    EXPECT_TRUE(off.Observe(bad, kFirstTokens).ok()) << c.guard;
  }
}

TEST(StalenessControllerTest, BatchesThatMayBegin) {
  const StalenessController on_policy(0, 10), ahead(2, 10);
  EXPECT_EQ(on_policy.End(0), 1u);
  EXPECT_EQ(on_policy.End(9), 10u);
  EXPECT_EQ(on_policy.End(10), 10u);
  EXPECT_EQ(ahead.End(0), 3u);
  EXPECT_EQ(ahead.End(8), 10u);
  for (uint32_t done = 0; done < 10; ++done) {
    // No batch is ever learnt from by a policy more than two versions ahead of the one that began
    // it.
    for (uint32_t batch = done; batch < ahead.End(done); ++batch) EXPECT_LE(batch - done, 2u);
    EXPECT_FALSE(done < on_policy.OlderEnd(done));
    EXPECT_TRUE(done + 1 < ahead.OlderEnd(done));
    EXPECT_FALSE(done + 2 < ahead.OlderEnd(done));
  }
}

}  // namespace
}  // namespace tact
