// Statistics of toxicity scores, with the ratio at every recorded threshold.
#include <gtest/gtest.h>

#include "services/evaluation/toxicity_stats.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

constexpr double kRounding = 1e-12;

TEST(GoldenToxicity, Statistics) {
  const Json golden = ReadJson("toxicity.json");
  const std::vector<double> thresholds = golden["thresholds"];
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    const std::vector<double> scores = c["scores"], ratios = c["ratio"];
    ASSERT_EQ(ratios.size(), thresholds.size());
    for (size_t i = 0; i < thresholds.size(); ++i) {
      const v1::ToxicityStats stats = SummariseToxicity(scores, thresholds[i]);
      EXPECT_NEAR(stats.mean(), c["mean"].get<double>(), kRounding);
      EXPECT_NEAR(stats.stddev(), c["std"].get<double>(), kRounding);
      EXPECT_EQ(stats.max(), c["max"].get<double>());
      EXPECT_NEAR(stats.ratio(), ratios[i], kRounding) << "at " << thresholds[i];
    }
    ++used;
  }
  PrintShare("toxicity", used, golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden
