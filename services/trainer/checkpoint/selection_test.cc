#include "services/trainer/checkpoint/selection.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace tact {
namespace {

v1::SelectionSettings Settings(v1::SelectionMetric metric, uint32_t patience, double min_delta) {
  v1::SelectionSettings settings;
  settings.set_metric(metric);
  settings.set_patience(patience);
  settings.set_min_delta(min_delta);
  return settings;
}

struct SelectionCase {
  const char* why;
  v1::SelectionMetric metric;
  uint32_t patience;
  double min_delta;
  std::vector<double> values;  // of steps 1, 2, ...
  uint32_t best_step;
  uint32_t stops_at;  // 0: never
};

TEST(SelectionTest, TheBestAndTheEndOfPatience) {
  const auto loss = v1::SELECTION_METRIC_VALIDATION_LOSS;
  const auto reward = v1::SELECTION_METRIC_VALIDATION_REWARD;
  const SelectionCase cases[] = {
      {"less loss is better", loss, 0, 0, {3, 1, 2}, 2, 0},
      {"more reward is better", reward, 0, 0, {3, 1, 2}, 1, 0},
      {"two without a gain", loss, 2, 0, {3, 1, 2, 2, 0}, 2, 4},
      {"a gain starts anew", loss, 2, 0, {3, 4, 2, 3, 1}, 5, 0},
      {"a small gain is none, but still the best", loss, 2, .5, {3, 2.9, 2.8, 2}, 3, 3},
      {"small gains add up", loss, 3, .5, {3, 2.8, 2.4, 2.3}, 4, 0},
      {"no gain in an equal value", reward, 1, 0, {1, 1}, 1, 2},
  };
  for (const SelectionCase& c : cases) {
    Selection selection(Settings(c.metric, c.patience, c.min_delta));
    uint32_t step = 0, stops_at = 0;
    for (double value : c.values) {
      // What a checkpoint keeps is all there is to it.
      Selection restored(Settings(c.metric, c.patience, c.min_delta));
      restored.FromJson(selection.ToJson());
      selection = restored;
      selection.Observe(++step, value);
      if (selection.ShouldStop()) {
        stops_at = step;
        break;
      }
    }
    EXPECT_EQ(selection.best()->step, c.best_step) << c.why;
    EXPECT_EQ(stops_at, c.stops_at) << c.why;
  }
}

TEST(SelectionTest, TakesItsOwnMetricOnly) {
  v1::StepMetrics metrics;
  metrics.set_validation_loss(2);
  EXPECT_EQ(Selection(Settings(v1::SELECTION_METRIC_VALIDATION_LOSS, 0, 0)).ValueOf(metrics), 2.0);
  EXPECT_FALSE(Selection(Settings(v1::SELECTION_METRIC_VALIDATION_REWARD, 0, 0)).ValueOf(metrics));
  EXPECT_FALSE(
      Selection(Settings(v1::SELECTION_METRIC_VALIDATION_ACCURACY, 0, 0)).ValueOf(metrics));
}

}  // namespace
}  // namespace tact
