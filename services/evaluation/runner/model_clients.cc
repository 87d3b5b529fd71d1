#include "services/evaluation/runner/model_clients.h"

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "common/rpc/status_map.h"

namespace tact {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

bool MayRecover(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

}  // namespace

ModelChannels::ModelChannels(const ModelAddresses& addresses, size_t max_message_bytes,
                             const ClientCredentials& credentials)
    : addresses_(addresses) {
  ChannelOptions options;
  options.max_message_bytes = max_message_bytes;
  options.credentials = credentials;
  options.health_service = "tact.v1.PolicyService";
  policy_ = v1::PolicyService::NewStub(MakeChannel(addresses.policy, options));
  options.health_service = "tact.v1.RewardService";
  reward_ = v1::RewardService::NewStub(MakeChannel(addresses.reward, options));
}

ModelClients::ModelClients(const ModelChannels& channels, const CallOptions& options,
                           StopSignal& stop)
    : channels_(channels), options_(options), stop_(stop) {}

ModelClients::ModelClients(const ModelChannels& channels, const CallOptions& options,
                           StopSignal& stop, const grpc::ServerContext& caller)
    : channels_(channels), options_(options), stop_(stop), caller_(&caller) {}

absl::StatusOr<v1::GetModelResponse> ModelClients::GetPolicyModel(const std::string& name) {
  v1::GetModelRequest request;
  request.set_model(name);
  v1::GetModelResponse response;
  RETURN_IF_ERROR(Call(policy_peer(), [&](grpc::ClientContext* context) {
    return channels_.policy().GetModel(context, request, &response);
  }));
  return response;
}

absl::StatusOr<v1::GenerateResponse> ModelClients::Generate(const v1::GenerateRequest& request) {
  v1::GenerateResponse response;
  RETURN_IF_ERROR(Call(policy_peer(), [&](grpc::ClientContext* context) {
    return channels_.policy().Generate(context, request, &response);
  }));
  return response;
}

absl::StatusOr<v1::ScoreResponse> ModelClients::Score(const v1::ScoreRequest& request) {
  v1::ScoreResponse response;
  RETURN_IF_ERROR(Call(reward_peer(), [&](grpc::ClientContext* context) {
    return channels_.reward().Score(context, request, &response);
  }));
  return response;
}

absl::StatusOr<v1::GetRewardModelResponse> ModelClients::GetRewardModel() {
  v1::GetRewardModelResponse response;
  RETURN_IF_ERROR(Call(reward_peer(), [&](grpc::ClientContext* context) {
    return channels_.reward().GetRewardModel(context, {}, &response);
  }));
  return response;
}

absl::Status ModelClients::Call(const Peer& peer, const Attempt& attempt) {
  const absl::Time give_up = SteadyNow() + absl::Seconds(options_.wait_seconds);
  absl::Duration pause = kFirstPause;
  while (true) {
    const absl::Status status = CallOnce(peer, attempt);
    if (stop_.stopped()) return absl::CancelledError("the evaluation service is stopping");
    if (!MayRecover(status)) return status;
    if (SteadyNow() + pause > give_up) return GiveUp(peer, status);
    if (pause == kFirstPause) LogWarning("waiting: ", status.message());
    stop_.WaitFor(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::Status ModelClients::CallOnce(const Peer& peer, const Attempt& attempt) {
  const std::unique_ptr<grpc::ClientContext> context =
      caller_ == nullptr ? std::make_unique<grpc::ClientContext>()
                         : grpc::ClientContext::FromServerContext(*caller_);
  if (caller_ == nullptr) {
    SetDeadline(*context, options_.call_seconds);
    const StopSignal::Call cancellable(stop_, *context);
    return FromGrpcStatus(attempt(context.get()),
                          StrCat(peer.service, " service at ", peer.address), context.get());
  }
  return FromGrpcStatus(attempt(context.get()), StrCat(peer.service, " service at ", peer.address),
                        context.get());
}

absl::Status ModelClients::GiveUp(const Peer& peer, const absl::Status& last) const {
  const std::string fix =
      absl::IsResourceExhausted(last)
          ? "try again later, or give the service more replicas"
          : StrCat("start tact-", peer.service,
                   " there, or start tact-evaluation with its address in --", peer.service);
  const std::string message =
      StrCat("the ", peer.service, " service at ", peer.address, " did not serve within ",
             options_.wait_seconds, " s (", last.message(), "); ", fix);
  return WithErrorDetail(absl::Status(last.code(), message),
                         {"SERVICE_UNAVAILABLE", "--" + peer.service, peer.address, fix});
}

}  // namespace tact
