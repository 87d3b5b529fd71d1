// Checks and computations of single RPCs that need neither store nor runner.
#ifndef TACT_SERVICES_EVALUATION_EVALUATION_REQUESTS_H_
#define TACT_SERVICES_EVALUATION_EVALUATION_REQUESTS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// The id of an evaluation: the same request_id gives the same id, an empty one a fresh id.
std::string EvaluationId(std::string_view request_id);

// INVALID_ARGUMENT names the field.
absl::Status CheckRequestId(std::string_view request_id);
absl::Status CheckReportRequest(const v1::GetReportRequest& request);
absl::Status CheckToxicityRequest(const v1::ComputeToxicityRequest& request);

// All pairs and their mean. `stopped` is asked before each pair; CANCELLED once it says so.
absl::Status ComputeRougePairs(const v1::ComputeRougeRequest& request,
                               const std::function<bool()>& stopped,
                               v1::ComputeRougeResponse& response);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_EVALUATION_REQUESTS_H_
