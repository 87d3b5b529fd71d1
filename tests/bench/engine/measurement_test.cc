#include "tests/bench/engine/measurement.h"

#include <gtest/gtest.h>

namespace tact::bench {
namespace {

TEST(QuantileTest, IsLinearBetweenNeighbours) {
  const std::vector<double> values = {40, 10, 30, 20};
  EXPECT_DOUBLE_EQ(Quantile(values, 0), 10);
  EXPECT_DOUBLE_EQ(Quantile(values, 1), 40);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.5), 25);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.99), 39.7);  // numpy.quantile
  EXPECT_DOUBLE_EQ(Quantile({7}, 0.99), 7);
}

TEST(MedianTest, IsTheMiddle) { EXPECT_DOUBLE_EQ(Median({3, 100, 1}), 3); }

Measurement Three() {
  return {.name = "greedy b8 p200 k1",
          .work = "greedy",
          .dtype = "int8",
          .threads = 2,
          .tokens = 320,
          .peak_mib = 12,
          .repetitions = {{2.0, 3.0}, {1.6, 5.0}, {9.0, 4.0}},
          .more = {{"batch", 8}}};
}

TEST(MeasurementTest, JsonHasMediansAndEveryRepetition) {
  const nlohmann::json json = ToJson(Three());
  EXPECT_EQ(json["seconds"], 2.0);
  EXPECT_EQ(json["cpu_seconds"], 4.0);
  EXPECT_EQ(json["tokens_per_second"], 160.0);
  EXPECT_EQ(json["repetitions"].size(), 3u);
  EXPECT_EQ(json["repetitions"][2]["seconds"], 9.0);
  EXPECT_EQ(json["batch"], 8);
  EXPECT_EQ(json["dtype"], "int8");
}

TEST(MeasurementTest, TableHasOneLineForEachWork) {
  const Measurement rows[] = {Three(), Three()};
  const std::string table = Table(rows);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_NE(table.find("160.0"), std::string::npos);
}

TEST(UsageWatchTest, ProcessorTimeIsOfThisProcess) {
  const UsageWatch watch;
  volatile uint64_t sum = 0;
  Usage usage;
  while ((usage = watch.Read()).cpu_seconds == 0) sum = sum + 1;
  EXPECT_GT(usage.seconds, 0);
}

TEST(PeakTest, SeesABufferThatWasTouched) {
  ResetPeak();
  const double before = PeakMib();
  const std::vector<char> buffer(64 << 20, 1);
  EXPECT_GT(PeakMib(), before + 48);
  EXPECT_EQ(buffer.back(), 1);
}

}  // namespace
}  // namespace tact::bench
