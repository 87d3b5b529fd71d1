// Flags of "tactctl train" about a job's life: which weights win, what stays, when it stops.
#ifndef TACT_SERVICES_TACTCTL_LIFECYCLE_FLAGS_H_
#define TACT_SERVICES_TACTCTL_LIFECYCLE_FLAGS_H_

#include <CLI/CLI.hpp>

#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

// Selection, retention and publishing, for ppo also validation, staleness and guards; those that
// jobs of spec->kind() have. `spec` must outlive the parse.
void AddLifecycleFlags(CLI::App& command, v1::JobSpec* spec);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_LIFECYCLE_FLAGS_H_
