// ModelServices over gRPC: deadlines, retries with backoff while a service is down or full, and
// errors that name the service, its address and the cure.
#ifndef TACT_SERVICES_EVALUATION_RUNNER_MODEL_CLIENTS_H_
#define TACT_SERVICES_EVALUATION_RUNNER_MODEL_CLIENTS_H_

#include <grpcpp/channel.h>
#include <grpcpp/server_context.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/credentials.h"
#include "services/evaluation/runner/model_services.h"
#include "services/evaluation/runner/stop_signal.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

struct ModelAddresses {
  std::string policy = "127.0.0.1:7001";
  std::string reward = "127.0.0.1:7002";
};

struct CallOptions {
  double wait_seconds = 60;   // how long a service may be UNAVAILABLE or RESOURCE_EXHAUSTED
  double call_seconds = 300;  // deadline of one call
};

// Channels to both services; connects when first used.
class ModelChannels {
 public:
  ModelChannels(const ModelAddresses& addresses, size_t max_message_bytes,
                const ClientCredentials& credentials = nullptr);
  v1::PolicyService::Stub& policy() const { return *policy_; }
  v1::RewardService::Stub& reward() const { return *reward_; }
  const ModelAddresses& addresses() const { return addresses_; }

 private:
  ModelAddresses addresses_;
  std::unique_ptr<v1::PolicyService::Stub> policy_;
  std::unique_ptr<v1::RewardService::Stub> reward_;
};

class ModelClients : public ModelServices {
 public:
  // For a worker: calls end when `stop` says so (CANCELLED).
  ModelClients(const ModelChannels& channels, const CallOptions& options, StopSignal& stop);
  // For a handler: calls end with the caller's own deadline or cancel.
  ModelClients(const ModelChannels& channels, const CallOptions& options, StopSignal& stop,
               const grpc::ServerContext& caller);

  absl::StatusOr<v1::GetModelResponse> GetPolicyModel(const std::string& name) override;
  absl::StatusOr<v1::GenerateResponse> Generate(const v1::GenerateRequest& request) override;
  absl::StatusOr<v1::ScoreResponse> Score(const v1::ScoreRequest& request) override;
  absl::StatusOr<v1::GetRewardModelResponse> GetRewardModel() override;

 private:
  struct Peer {
    std::string service;  // "policy"
    std::string address;
  };
  using Attempt = std::function<grpc::Status(grpc::ClientContext*)>;
  absl::Status Call(const Peer& peer, const Attempt& attempt);
  absl::Status CallOnce(const Peer& peer, const Attempt& attempt);
  absl::Status GiveUp(const Peer& peer, const absl::Status& last) const;
  Peer policy_peer() const { return {"policy", channels_.addresses().policy}; }
  Peer reward_peer() const { return {"reward", channels_.addresses().reward}; }

  const ModelChannels& channels_;
  const CallOptions options_;
  StopSignal& stop_;
  const grpc::ServerContext* caller_ = nullptr;
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_RUNNER_MODEL_CLIENTS_H_
