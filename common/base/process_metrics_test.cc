#include "common/base/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "common/base/build_info.h"
#include "common/base/clock.h"
#include "common/base/metrics.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

constexpr ProcessUnits kUnits = {.ticks_per_second = 100, .page_bytes = 4096, .boot_seconds = 1e9};
constexpr char kStat[] =
    "42 (a (b) c) S 1 42 42 0 -1 4194304 900 0 0 0 250 50 0 0 20 0 7 0 12345 5000000 300 "
    "18446744073709551615 1 1 0\n";

TEST(ParseProcessStatTest, ReadsPastANameWithBrackets) {
  const auto use = ParseProcessStat(kStat, kUnits);
  ASSERT_TRUE(use.ok()) << use.status();
  EXPECT_DOUBLE_EQ(use->cpu_seconds, 3.0);
  EXPECT_DOUBLE_EQ(use->threads, 7);
  EXPECT_DOUBLE_EQ(use->start_seconds, 1e9 + 123.45);
  EXPECT_DOUBLE_EQ(use->virtual_bytes, 5e6);
  EXPECT_DOUBLE_EQ(use->resident_bytes, 300.0 * 4096);
}

TEST(ParseProcessStatTest, OtherTextsAreErrors) {
  for (const char* text : {"", "42 (x)", "42 (x) S 1 2", "42 (x) S a b c d e f g h i j k l m"}) {
    EXPECT_FALSE(ParseProcessStat(text, kUnits).ok()) << text;
  }
}

TEST(LeastMemoryLimitTest, TakesTheSmallestThatIsSet) {
  constexpr char kMachine[] = "MemTotal:       16000 kB\nMemFree: 3 kB\n";
  EXPECT_EQ(LeastMemoryLimit(kMachine, "", ""), 16000.0 * 1024);
  EXPECT_EQ(LeastMemoryLimit(kMachine, "max\n", ""), 16000.0 * 1024);
  EXPECT_EQ(LeastMemoryLimit(kMachine, "4096000\n", ""), 4096000);
  EXPECT_EQ(LeastMemoryLimit(kMachine, "", "9223372036854771712\n"), 16000.0 * 1024);
  EXPECT_EQ(LeastMemoryLimit("", "4096000\n", ""), 4096000);
  EXPECT_EQ(LeastMemoryLimit("", "max", ""), 0);
}

double ValueOf(const std::string& name) {
  for (const prometheus::MetricFamily& family : ProcessMetrics()) {
    if (family.name != name) continue;
    const prometheus::ClientMetric& metric = family.metric.at(0);
    return family.type == prometheus::MetricType::Counter ? metric.counter.value
                                                          : metric.gauge.value;
  }
  return -1;
}

TEST(ProcessMetricsTest, AreOfThisProcess) {
  EXPECT_NEAR(ValueOf("process_start_time_seconds"), UnixSeconds(), 600);
  EXPECT_GT(ValueOf("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(ValueOf("process_virtual_memory_bytes"), ValueOf("process_resident_memory_bytes"));
  EXPECT_GE(ValueOf("process_threads"), 1);
  EXPECT_GT(ValueOf("tact_memory_limit_bytes"), ValueOf("process_resident_memory_bytes"));
  EXPECT_GT(ValueOf("process_max_fds"), ValueOf("process_open_fds"));
  const double before = ValueOf("process_open_fds");
  const int file = dup(STDIN_FILENO);
  EXPECT_EQ(ValueOf("process_open_fds"), before + (file >= 0 ? 1 : 0));
  close(file);
}

TEST(MetricsTextTest, HoldsTheProcessAndTheBuild) {
  ExportBuildInfo("base_test");
  const std::string text = MetricsText();
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter"));
  EXPECT_THAT(text, HasSubstr("tact_build_info{"));
  EXPECT_THAT(text, HasSubstr("version=\"" + GetBuildInfo().version + "\""));
  EXPECT_FALSE(GetBuildInfo().commit.empty());
}

}  // namespace
}  // namespace tact
