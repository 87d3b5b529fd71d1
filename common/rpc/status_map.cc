#include "common/rpc/status_map.h"

#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "tact/v1/common.pb.h"

namespace tact {
namespace {

constexpr char kDetailKey[] = "tact-error-detail-bin";

void AttachDetail(const ErrorDetail& detail, grpc::ServerContextBase& context) {
  v1::ErrorDetail message;
  message.set_reason(detail.reason);
  message.set_field(detail.field);
  message.set_value(detail.value);
  message.set_fix(detail.fix);
  context.AddTrailingMetadata(kDetailKey, message.SerializeAsString());
}

bool NamesPeer(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, grpc::ServerContextBase* context) {
  if (status.ok()) return grpc::Status::OK;
  if (const auto detail = GetErrorDetail(status); detail && context != nullptr) {
    AttachDetail(*detail, *context);
  }
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::Status FromGrpcStatus(const grpc::Status& status, std::string_view peer,
                            const grpc::ClientContext* context) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string text = status.error_message();
  if (NamesPeer(status.error_code())) text = StrCat(peer, ": ", text);
  if (context == nullptr) return absl::Status(code, text);
  const auto& trailers = context->GetServerTrailingMetadata();
  const auto found = trailers.find(kDetailKey);
  v1::ErrorDetail detail;
  if (found == trailers.end() ||
      !detail.ParseFromArray(found->second.data(), static_cast<int>(found->second.size()))) {
    return absl::Status(code, text);
  }
  return WithErrorDetail(absl::Status(code, text),
                         {detail.reason(), detail.field(), detail.value(), detail.fix()});
}

}  // namespace tact
