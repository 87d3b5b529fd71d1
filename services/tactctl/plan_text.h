// What a job would be, for people: settings, parameters, memory, time.
#ifndef TACT_SERVICES_TACTCTL_PLAN_TEXT_H_
#define TACT_SERVICES_TACTCTL_PLAN_TEXT_H_

#include <iosfwd>

#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

// The settings under the names that --set takes, grouped, then counts and estimates.
void PrintPlan(std::ostream& out, const v1::PlanJobResponse& plan);

// As the reference notebook prints them.
std::string ParameterLines(uint64_t trainable, uint64_t total);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PLAN_TEXT_H_
