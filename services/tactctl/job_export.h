// What a job leaves behind: its checkpoints, listed, and its result, written into a folder.
#ifndef TACT_SERVICES_TACTCTL_JOB_EXPORT_H_
#define TACT_SERVICES_TACTCTL_JOB_EXPORT_H_

#include <string>

#include "absl/status/status.h"
#include "services/tactctl/context.h"

namespace tact::ctl {

struct ExportOptions {
  std::string folder;
  bool merge = false;
};

// Each file is checked against its SHA-256; the folder is there whole or not at all. ALREADY_EXISTS
// if there is something under its name, DATA_LOSS if a file came damaged.
absl::Status ExportJob(const std::string& id, const ExportOptions& options, Context& context);

absl::Status ListCheckpoints(const std::string& id, Context& context);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_JOB_EXPORT_H_
