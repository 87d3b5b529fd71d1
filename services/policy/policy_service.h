// tact.v1.PolicyService: validates requests, hands them to the engine and maps what comes back.
#ifndef TACT_SERVICES_POLICY_POLICY_SERVICE_H_
#define TACT_SERVICES_POLICY_POLICY_SERVICE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/policy/adapters.h"
#include "services/policy/collector.h"
#include "services/policy/engine/engine.h"
#include "services/policy/model_registry.h"
#include "services/policy/policy_model.h"
#include "services/policy/push.h"
#include "services/policy/sampling_params.h"
#include "services/policy/validation.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact {

struct PolicyServiceOptions {
  EngineOptions engine;
  WeightType weight_type = WeightType::kF32;  // of pushed full weights
  size_t max_models = 4;
  uint64_t max_push_bytes = uint64_t{2} << 30;
  std::filesystem::path adapter_dir = {};  // where LoadAdapter may read; empty: nowhere
};

class PolicyServiceImpl final : public v1::PolicyService::Service {
 public:
  PolicyServiceImpl(PolicyModel model, const PolicyServiceOptions& options);

  static constexpr char kName[] = "tact.v1.PolicyService";

  grpc::Status Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                        v1::GenerateResponse* response) override;
  grpc::Status StreamGenerate(grpc::ServerContext* context,
                              const v1::StreamGenerateRequest* request,
                              grpc::ServerWriter<v1::StreamGenerateResponse>* writer) override;
  grpc::Status StreamRollouts(grpc::ServerContext* context,
                              const v1::StreamRolloutsRequest* request,
                              grpc::ServerWriter<v1::StreamRolloutsResponse>* writer) override;
  grpc::Status ScoreLogprobs(grpc::ServerContext* context, const v1::ScoreLogprobsRequest* request,
                             v1::ScoreLogprobsResponse* response) override;
  grpc::Status PushWeights(grpc::ServerContext* context,
                           grpc::ServerReader<v1::PushWeightsRequest>* reader,
                           v1::PushWeightsResponse* response) override;
  grpc::Status LoadAdapter(grpc::ServerContext* context, const v1::LoadAdapterRequest* request,
                           v1::LoadAdapterResponse* response) override;
  grpc::Status UnloadAdapter(grpc::ServerContext* context, const v1::UnloadAdapterRequest* request,
                             v1::UnloadAdapterResponse* response) override;
  grpc::Status ListAdapters(grpc::ServerContext* context, const v1::ListAdaptersRequest* request,
                            v1::ListAdaptersResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override;

  const AdapterHandler& adapters() const { return adapters_; }
  Engine& engine() { return engine_; }
  ServedWeights base_weights() const { return {model_.snapshot, nullptr}; }

 private:
  using GenerateWriter = grpc::ServerWriter<v1::StreamGenerateResponse>;
  using RolloutWriter = grpc::ServerWriter<v1::StreamRolloutsResponse>;

  absl::Status DoGenerate(const grpc::ServerContext& context, const v1::GenerateRequest& request,
                          v1::GenerateResponse& response);
  absl::Status DoStreamGenerate(const grpc::ServerContext& context,
                                const v1::GenerateRequest& request, GenerateWriter& writer);
  absl::Status DoRollouts(const grpc::ServerContext& context,
                          const v1::StreamRolloutsRequest& request, RolloutWriter& writer);
  absl::Status DoScore(const grpc::ServerContext& context, const v1::ScoreLogprobsRequest& request,
                       v1::ScoreLogprobsResponse& response);
  absl::Status DoGetModel(const v1::GetModelRequest& request, v1::GetModelResponse& response) const;

  absl::StatusOr<std::vector<PromptTask>> RolloutTasks(const v1::StreamRolloutsRequest& request,
                                                       const SamplingOptions& sampling,
                                                       const ServedWeights& weights) const;
  absl::StatusOr<std::vector<PromptTask>> ScoreTasks(const v1::ScoreLogprobsRequest& request,
                                                     const ServedWeights& weights) const;
  v1::Rollout ToRollout(const SequenceResult& result, const v1::RolloutPrompt& prompt,
                        uint64_t version) const;

  const PolicyModel model_;
  const RequestLimits limits_;
  ModelRegistry registry_;
  PushHandler push_;
  AdapterHandler adapters_;
  Engine engine_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_POLICY_SERVICE_H_
