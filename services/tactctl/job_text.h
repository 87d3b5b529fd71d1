// Jobs in words: states, kinds, the progress line, the fields of one job.
#ifndef TACT_SERVICES_TACTCTL_JOB_TEXT_H_
#define TACT_SERVICES_TACTCTL_JOB_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

std::string KindName(v1::JobKind kind);     // "lora"
std::string StateName(v1::JobState state);  // "running"
bool HasEnded(v1::JobState state);

// "ppo  step 12/60  reward 1.93  kl 0.41  14.2 tokens  38 s left"; with a bar on a terminal.
std::string ProgressLine(const v1::Job& job, bool with_bar);

// For "tactctl jobs get".
std::vector<std::pair<std::string, std::string>> JobFields(const v1::Job& job);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_JOB_TEXT_H_
