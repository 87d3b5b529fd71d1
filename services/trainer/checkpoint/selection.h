// Which validation was the best, and whether to stop early: patience as in Keras' EarlyStopping.
// Pure; its state travels in checkpoints.
#ifndef TACT_SERVICES_TRAINER_CHECKPOINT_SELECTION_H_
#define TACT_SERVICES_TRAINER_CHECKPOINT_SELECTION_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "tact/v1/trainer.pb.h"

namespace tact {

class Selection {
 public:
  struct Best {
    uint32_t step = 0;
    double value = 0;
  };

  explicit Selection(const v1::SelectionSettings& settings) : settings_(settings) {}

  // The selection's metric, where the step validated it.
  std::optional<double> ValueOf(const v1::StepMetrics& metrics) const;
  // Takes in a validation; true if it is the best so far.
  bool Observe(uint32_t step, double value);
  // True after `patience` validations in a row without a gain of more than min_delta.
  bool ShouldStop() const;
  const std::optional<Best>& best() const { return best_; }

  nlohmann::json ToJson() const;
  void FromJson(const nlohmann::json& state);

 private:
  double Gain(double value, double over) const;  // above 0 is better

  v1::SelectionSettings settings_;
  std::optional<Best> best_;
  double reference_ = 0;       // what a gain is measured against
  uint32_t without_gain_ = 0;  // validations in a row
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CHECKPOINT_SELECTION_H_
