#include "services/trainer/ranks/rank_store.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/status_map.h"
#include "services/trainer/ranks/rank_group.h"
#include "tact/v1/ranks.grpc.pb.h"

namespace tact {
namespace {

std::string NewStoreId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x", random(), random());
}

class Handlers final : public v1::RankStoreService::Service {
 public:
  grpc::Status OpenStore(grpc::ServerContext*, const v1::OpenStoreRequest*,
                         v1::OpenStoreResponse* response) override {
    response->set_store_id(id_);
    return grpc::Status::OK;
  }

  grpc::Status SetValue(grpc::ServerContext* context, const v1::SetValueRequest* request,
                        v1::SetValueResponse*) override {
    return Answer(context, *request, [&] {
      values_[request->key()] = request->value();
      return absl::OkStatus();
    });
  }

  grpc::Status GetValue(grpc::ServerContext* context, const v1::GetValueRequest* request,
                        v1::GetValueResponse* response) override {
    return Answer(context, *request, [&] {
      const auto found = values_.find(request->key());
      if (found != values_.end()) response->set_value(found->second);
      return absl::OkStatus();
    });
  }

  grpc::Status AddToCounter(grpc::ServerContext* context, const v1::AddToCounterRequest* request,
                            v1::AddToCounterResponse* response) override {
    return Answer(context, *request, [&] { return Add(*request, *response); });
  }

  grpc::Status DeleteValue(grpc::ServerContext* context, const v1::DeleteValueRequest* request,
                           v1::DeleteValueResponse* response) override {
    return Answer(context, *request, [&] {
      response->set_existed(values_.erase(request->key()) + counters_.erase(request->key()) > 0);
      return absl::OkStatus();
    });
  }

 private:
  template <typename Request, typename Body>
  grpc::Status Answer(grpc::ServerContext* context, const Request& request, Body&& body) {
    if (request.store_id() != id_) {
      return ToGrpcStatus(absl::FailedPreconditionError(
                              StrCat("store_id: \"", request.store_id(),
                                     "\" is of another start of rank 0; start the rank again")),
                          context);
    }
    absl::MutexLock lock(&mutex_);
    return ToGrpcStatus(body(), context);
  }

  absl::Status Add(const v1::AddToCounterRequest& request, v1::AddToCounterResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    int64_t& count = counters_[request.key()];
    int64_t sum = 0;
    if (__builtin_add_overflow(count, request.amount(), &sum)) {
      return FieldError("amount", StrCat(request.amount()),
                        StrCat("the counter stands at ", count, " and cannot go so far"),
                        "delete the counter to begin again");
    }
    count = sum;
    response.set_count(sum);
    return absl::OkStatus();
  }

  const std::string id_ = NewStoreId();
  absl::Mutex mutex_;
  std::map<std::string, std::string> values_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> counters_ ABSL_GUARDED_BY(mutex_);
};

std::string ListenAt(const RankSettings& settings) {
  return settings.on_loopback() ? settings.meeting_point() : StrCat("[::]:", settings.port);
}

}  // namespace

struct RankStore::State {
  Handlers handlers;
  std::unique_ptr<grpc::Server> server;
};

RankStore::RankStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RankStore::~RankStore() { state_->server->Shutdown(std::chrono::system_clock::now()); }

absl::StatusOr<std::unique_ptr<RankStore>> RankStore::Serve(const RankSettings& settings) {
  auto state = std::make_unique<State>();
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(ListenAt(settings),
                           settings.store_credentials != nullptr
                               ? settings.store_credentials
                               : grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&state->handlers);
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || port == 0) {
    return RankLostError(StrCat("MASTER_PORT ", settings.port,
                                ": rank 0 cannot listen there; stop what does, or choose another "
                                "port on every rank"));
  }
  return std::unique_ptr<RankStore>(new RankStore(std::move(state)));
}

std::shared_ptr<grpc::Channel> RankStore::channel() { return state_->server->InProcessChannel({}); }

}  // namespace tact
