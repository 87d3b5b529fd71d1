#include "services/trainer/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tact {
namespace {

double DecayAt(const v1::OptimizerSettings& settings, double progress) {
  const double floor = settings.min_learning_rate_ratio();
  switch (settings.schedule()) {
    case v1::SCHEDULE_LINEAR:
      return std::max(0.0, 1.0 - progress);
    case v1::SCHEDULE_COSINE:
      return floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    default:
      return 1.0;
  }
}

}  // namespace

double LearningRateAt(const v1::OptimizerSettings& settings, int64_t step, int64_t total_steps) {
  const int64_t warmup = settings.warmup_steps();
  if (step < warmup) {
    return settings.learning_rate() * static_cast<double>(step) / static_cast<double>(warmup);
  }
  const double span = static_cast<double>(std::max<int64_t>(1, total_steps - warmup));
  return settings.learning_rate() * DecayAt(settings, static_cast<double>(step - warmup) / span);
}

}  // namespace tact
