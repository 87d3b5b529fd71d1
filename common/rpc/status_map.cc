#include "common/rpc/status_map.h"

#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "tact/v1/common.pb.h"

namespace tact {
namespace {

constexpr char kDetailKey[] = "tact-error-detail-bin";
// A caller takes 8 KB of metadata by default, where a message may be three times as long as it is
// (percent signs): above that the caller would read nothing of it.
constexpr size_t kMaxMessage = 1500;
constexpr size_t kMaxPart = 300;

void AttachDetail(const ErrorDetail& detail, grpc::ServerContextBase& context) {
  v1::ErrorDetail message;
  message.set_reason(Shorten(detail.reason, kMaxPart));
  message.set_field(Shorten(detail.field, kMaxPart));
  message.set_value(Shorten(detail.value, kMaxPart));
  message.set_fix(Shorten(detail.fix, kMaxPart));
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
  return {static_cast<grpc::StatusCode>(status.code()),
          Shorten(ToStd(status.message()), kMaxMessage)};
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
