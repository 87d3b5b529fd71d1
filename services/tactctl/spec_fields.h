// Fields of a message by their path, as --set, --sweep and the table of settings name them:
// "optimizer.learning_rate", "ppo.sampling.top_p".
#ifndef TACT_SERVICES_TACTCTL_SPEC_FIELDS_H_
#define TACT_SERVICES_TACTCTL_SPEC_FIELDS_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact::ctl {

// Sets one field from text. Values of enums go by their last words ("linear") or in full; a list
// takes "q,v" or "q+v" and is replaced. INVALID_ARGUMENT: an unknown field lists those there are,
// a bad value names the type.
absl::Status SetField(google::protobuf::Message& message, std::string_view path,
                      std::string_view value);

// "path=value" as its two halves; INVALID_ARGUMENT where there is no "=".
absl::StatusOr<std::pair<std::string, std::string>> SplitAssignment(std::string_view text);

// What is set in a message, as SetField would take it; nested messages under their path. Fields
// that hold the empty value of their type are left out unless they were set to it.
std::vector<std::pair<std::string, std::string>> SetFields(
    const google::protobuf::Message& message);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_SPEC_FIELDS_H_
