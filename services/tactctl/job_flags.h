// Every field of a JobSpec as a flag of "tactctl train".
#ifndef TACT_SERVICES_TACTCTL_JOB_FLAGS_H_
#define TACT_SERVICES_TACTCTL_JOB_FLAGS_H_

#include <CLI/CLI.hpp>

#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

// The flags that jobs of spec->kind() have; `spec` must outlive the parse.
void AddJobFlags(CLI::App& command, v1::JobSpec* spec);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_JOB_FLAGS_H_
