// A whole JobSpec from a file.
#ifndef TACT_SERVICES_TACTCTL_SPEC_FILE_H_
#define TACT_SERVICES_TACTCTL_SPEC_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

// JSON as protobuf maps it, e.g. what "train ... --dry-run -o json" prints as "spec". Unknown
// fields and values of a wrong type are INVALID_ARGUMENT, which names file and field.
absl::StatusOr<v1::JobSpec> ReadSpecFile(const std::string& path);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_SPEC_FILE_H_
