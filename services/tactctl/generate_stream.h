// One StreamGenerate call: responses printed while they are made.
#ifndef TACT_SERVICES_TACTCTL_GENERATE_STREAM_H_
#define TACT_SERVICES_TACTCTL_GENERATE_STREAM_H_

#include <vector>

#include "absl/status/statusor.h"
#include "services/tactctl/client.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact::ctl {

// All completions, ordered by prompt and sample. For people each response grows on the terminal,
// one after the other; with jsonl every message is a line; with json nothing is printed here.
// Ctrl-C is CANCELLED.
absl::StatusOr<v1::GenerateResponse> StreamResponses(const Client<v1::PolicyService>& client,
                                                     const v1::GenerateRequest& request,
                                                     Context& context);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_GENERATE_STREAM_H_
