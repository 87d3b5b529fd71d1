// Jobs in words: states, kinds, the progress line, the fields of one job.
#ifndef TACT_SERVICES_TACTCTL_JOB_TEXT_H_
#define TACT_SERVICES_TACTCTL_JOB_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

std::string KindName(v1::JobKind kind);               // "lora"
std::string StateName(v1::JobState state);            // "running"
std::string PauseReasonName(v1::PauseReason reason);  // "disk full"
bool HasEnded(v1::JobState state);

// The other way; INVALID_ARGUMENT lists what there is.
absl::StatusOr<v1::JobState> ParseState(const std::string& name);
absl::StatusOr<v1::JobKind> ParseKind(const std::string& name);

// "ppo  step 12/60  reward 1.93  kl 0.41  14.2 tokens  38 s left"; with a bar on a terminal.
std::string ProgressLine(const v1::Job& job, bool with_bar);

// For "tactctl jobs get".
std::vector<std::pair<std::string, std::string>> JobFields(const v1::Job& job);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_JOB_TEXT_H_
