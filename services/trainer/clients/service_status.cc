#include "services/trainer/clients/service_status.h"

#include "absl/strings/match.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/status_map.h"

namespace tact {
namespace {

absl::StatusCode CodeFor(absl::StatusCode code) {
  if (code == absl::StatusCode::kAborted) return absl::StatusCode::kFailedPrecondition;
  if (code == absl::StatusCode::kCancelled) return absl::StatusCode::kUnavailable;
  return code;
}

}  // namespace

absl::Status ServiceStatus(const grpc::Status& status, std::string_view peer,
                           const grpc::ClientContext& context) {
  const absl::Status plain = FromGrpcStatus(status, peer, &context);
  if (plain.ok()) return plain;
  absl::Status out(CodeFor(plain.code()), plain.message());
  if (const auto detail = GetErrorDetail(plain)) out = WithErrorDetail(out, *detail);
  return absl::StartsWith(out.message(), ToAbsl(peer)) ? out : Annotate(out, peer);
}

ChannelOptions TrainerChannelOptions(const ClientCredentials& credentials) {
  ChannelOptions options;
  options.credentials = credentials;
  options.keepalive_ms = 2'000;
  options.keepalive_timeout_ms = 4'000;
  options.connect_timeout_ms = 4'000;
  return options;
}

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace tact
