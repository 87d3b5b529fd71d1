#include "services/trainer/checkpoint/selection.h"

#include <nlohmann/json.hpp>

namespace tact {

std::optional<double> Selection::ValueOf(const v1::StepMetrics& metrics) const {
  switch (settings_.metric()) {
    case v1::SELECTION_METRIC_VALIDATION_ACCURACY:
      if (metrics.has_validation_accuracy()) return metrics.validation_accuracy();
      return std::nullopt;
    case v1::SELECTION_METRIC_VALIDATION_REWARD:
      if (metrics.has_validation_reward()) return metrics.validation_reward();
      return std::nullopt;
    default:
      if (metrics.has_validation_loss()) return metrics.validation_loss();
      return std::nullopt;
  }
}

double Selection::Gain(double value, double over) const {
  const bool less_is_better = settings_.metric() == v1::SELECTION_METRIC_VALIDATION_LOSS;
  return less_is_better ? over - value : value - over;
}

bool Selection::Observe(uint32_t step, double value) {
  const bool is_best = !best_ || Gain(value, best_->value) > 0;
  const bool is_gain = !best_ || Gain(value, reference_) > settings_.min_delta();
  if (is_best) best_ = {step, value};
  if (is_gain) reference_ = value;
  without_gain_ = is_gain ? 0 : without_gain_ + 1;
  return is_best;
}

bool Selection::ShouldStop() const {
  return settings_.patience() > 0 && without_gain_ >= settings_.patience();
}

nlohmann::json Selection::ToJson() const {
  if (!best_) return nlohmann::json::object();
  return {{"best_step", best_->step},
          {"best_value", best_->value},
          {"reference", reference_},
          {"without_gain", without_gain_}};
}

void Selection::FromJson(const nlohmann::json& state) {
  best_.reset();
  if (!state.contains("best_step")) return;
  best_ = {state.value("best_step", 0u), state.value("best_value", 0.0)};
  reference_ = state.value("reference", best_->value);
  without_gain_ = state.value("without_gain", 0u);
}

}  // namespace tact
