#include "services/trainer/ranks/shared_store.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/ranks/rank_store.h"
#include "tact/v1/ranks.grpc.pb.h"

namespace tact {
namespace {

// A connection of its own, tried again often: ranks start in any order.
std::shared_ptr<grpc::Channel> ToRankZero(const RankSettings& settings) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return grpc::CreateCustomChannel(settings.meeting_point(),
                                   settings.peer_credentials != nullptr
                                       ? settings.peer_credentials
                                       : grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

struct SharedStore::State {
  using Stub = v1::RankStoreService::Stub;

  template <typename Request, typename Response>
  absl::Status Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                   const Request& request, Response& response, bool wait_for_rank_zero = false) {
    grpc::ClientContext context;
    context.set_wait_for_ready(wait_for_rank_zero);
    SetDeadline(context, absl::ToDoubleSeconds(timeout));
    const grpc::Status status = ((*stub).*method)(&context, request, &response);
    if (status.ok()) return absl::OkStatus();
    return RankLostError(
        StrCat("rank 0 at ", rank_zero, " does not answer: ", status.error_message()));
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& key, Request request, Response& response) {
    request.set_store_id(store_id);
    request.set_key(key);
    return Ask(method, request, response);
  }

  absl::Status Open() {
    v1::OpenStoreResponse response;
    RETURN_IF_ERROR(Ask(&Stub::OpenStore, v1::OpenStoreRequest(), response, true));
    store_id = response.store_id();
    return absl::OkStatus();
  }

  std::string rank_zero;  // for messages
  absl::Duration timeout;
  std::unique_ptr<RankStore> served;  // on rank 0
  std::unique_ptr<Stub> stub;
  std::string store_id;
};

SharedStore::SharedStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SharedStore::~SharedStore() = default;

absl::StatusOr<std::unique_ptr<SharedStore>> SharedStore::Host(const RankSettings& settings,
                                                               absl::Duration timeout) {
  auto state = std::make_unique<State>();
  state->rank_zero = settings.meeting_point();
  state->timeout = timeout;
  ASSIGN_OR_RETURN(state->served, RankStore::Serve(settings));
  state->stub = v1::RankStoreService::NewStub(state->served->channel());
  RETURN_IF_ERROR(state->Open());
  return std::unique_ptr<SharedStore>(new SharedStore(std::move(state)));
}

absl::StatusOr<std::unique_ptr<SharedStore>> SharedStore::Connect(const RankSettings& settings,
                                                                  absl::Duration timeout) {
  auto state = std::make_unique<State>();
  state->rank_zero = settings.meeting_point();
  state->timeout = timeout;
  state->stub = v1::RankStoreService::NewStub(ToRankZero(settings));
  const absl::Status opened = state->Open();
  if (!opened.ok()) return RankLostError(StrCat(opened.message(), " (MASTER_ADDR, MASTER_PORT)"));
  return std::unique_ptr<SharedStore>(new SharedStore(std::move(state)));
}

absl::Status SharedStore::Set(const std::string& key, const std::string& value) {
  v1::SetValueRequest request;
  request.set_value(value);
  v1::SetValueResponse response;
  return state_->Call(&State::Stub::SetValue, key, std::move(request), response);
}

absl::StatusOr<std::optional<std::string>> SharedStore::Get(const std::string& key) {
  v1::GetValueResponse response;
  RETURN_IF_ERROR(state_->Call(&State::Stub::GetValue, key, v1::GetValueRequest(), response));
  return response.has_value() ? std::optional(response.value()) : std::nullopt;
}

absl::StatusOr<int64_t> SharedStore::Add(const std::string& key, int64_t amount) {
  v1::AddToCounterRequest request;
  request.set_amount(amount);
  v1::AddToCounterResponse response;
  RETURN_IF_ERROR(state_->Call(&State::Stub::AddToCounter, key, std::move(request), response));
  return response.count();
}

absl::StatusOr<bool> SharedStore::Remove(const std::string& key) {
  v1::DeleteValueResponse response;
  RETURN_IF_ERROR(state_->Call(&State::Stub::DeleteValue, key, v1::DeleteValueRequest(), response));
  return response.existed();
}

}  // namespace tact
