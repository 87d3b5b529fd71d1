#include "services/tactctl/client.h"

#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/status_map.h"

namespace tact::ctl {
namespace {

constexpr char kUnreachable[] = "SERVICE_UNREACHABLE";

}  // namespace

absl::Status ExplainFailure(const ServiceAddress& service, const grpc::Status& status,
                            const grpc::ClientContext& context) {
  const std::string peer = StrCat(service.name, " service at ", service.address);
  absl::Status out = FromGrpcStatus(status, peer, &context);
  if (absl::IsDeadlineExceeded(out)) {
    return MakeError(out.code(), {"TIMEOUT", peer, "", "give it more time with --timeout SECONDS"},
                     "no answer in time");
  }
  if (!absl::IsUnavailable(out) || GetErrorDetail(out)) return out;
  return MakeError(out.code(),
                   {kUnreachable, peer, "",
                    StrCat("start it with \"tactctl up\", or give its address with --",
                           service.name, " or --cluster")},
                   StrCat("cannot be reached (", status.error_message(), ")"));
}

bool IsUnreachable(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  return detail && detail->reason == kUnreachable;
}

}  // namespace tact::ctl
