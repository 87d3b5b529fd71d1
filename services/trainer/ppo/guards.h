// Signs that a policy collapses, over the steps of a run. Pure.
#ifndef TACT_SERVICES_TRAINER_PPO_GUARDS_H_
#define TACT_SERVICES_TRAINER_PPO_GUARDS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

class GuardWatch {
 public:
  explicit GuardWatch(const v1::CollapseGuards& guards) : guards_(guards) {}

  // Takes in a step. FAILED_PRECONDITION with the reason COLLAPSE once a guard has tripped on
  // `patience` steps in a row; the message names the guard, what it found and what it allows.
  // `first_tokens` is the mean response length of the job's first step.
  absl::Status Observe(const v1::StepMetrics& metrics, double first_tokens);

 private:
  v1::CollapseGuards guards_;
  std::map<std::string, uint32_t> tripped_;  // steps in a row, by guard
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_GUARDS_H_
