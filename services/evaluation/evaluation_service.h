// EvaluationService over gRPC: checks requests, asks store and runner, streams reports.
#ifndef TACT_SERVICES_EVALUATION_EVALUATION_SERVICE_H_
#define TACT_SERVICES_EVALUATION_EVALUATION_SERVICE_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluation/report/report.h"
#include "services/evaluation/runner/evaluation_runner.h"
#include "services/evaluation/runner/model_clients.h"
#include "services/evaluation/store/evaluation_store.h"
#include "tact/v1/evaluation.grpc.pb.h"

namespace tact {

class EvaluationService final : public v1::EvaluationService::Service {
 public:
  // All arguments must outlive the service.
  EvaluationService(EvaluationStore& store, EvaluationRunner& runner,
                    const ModelChannels& channels);
  // Ends streams that wait for changes, so that the server can stop.
  void Stop();

  grpc::Status RunEvaluation(grpc::ServerContext* context, const v1::RunEvaluationRequest* request,
                             v1::RunEvaluationResponse* response) override;
  grpc::Status GetEvaluation(grpc::ServerContext* context, const v1::GetEvaluationRequest* request,
                             v1::GetEvaluationResponse* response) override;
  grpc::Status WatchEvaluation(grpc::ServerContext* context,
                               const v1::WatchEvaluationRequest* request,
                               grpc::ServerWriter<v1::WatchEvaluationResponse>* writer) override;
  grpc::Status ListEvaluations(grpc::ServerContext* context,
                               const v1::ListEvaluationsRequest* request,
                               v1::ListEvaluationsResponse* response) override;
  grpc::Status Compare(grpc::ServerContext* context, const v1::CompareRequest* request,
                       v1::CompareResponse* response) override;
  grpc::Status GetReport(grpc::ServerContext* context, const v1::GetReportRequest* request,
                         grpc::ServerWriter<v1::GetReportResponse>* writer) override;
  grpc::Status ComputeRouge(grpc::ServerContext* context, const v1::ComputeRougeRequest* request,
                            v1::ComputeRougeResponse* response) override;
  grpc::Status ComputeToxicity(grpc::ServerContext* context,
                               const v1::ComputeToxicityRequest* request,
                               v1::ComputeToxicityResponse* response) override;

 private:
  absl::StatusOr<v1::Evaluation> Submit(const v1::RunEvaluationRequest& request)
      ABSL_LOCKS_EXCLUDED(submit_);
  absl::Status Watch(const std::string& id, grpc::ServerContext& context,
                     grpc::ServerWriter<v1::WatchEvaluationResponse>& writer);
  absl::StatusOr<v1::CompareResponse> CompareStored(const v1::CompareRequest& request,
                                                    const grpc::ServerContext& context);
  absl::StatusOr<v1::Evaluation> ReadSummary(const std::string& id);
  absl::StatusOr<Report> BuildReport(const v1::GetReportRequest& request,
                                     const grpc::ServerContext& context);

  EvaluationStore& store_;
  EvaluationRunner& runner_;
  const ModelChannels& channels_;
  StopSignal stop_;
  absl::Mutex submit_;  // between asking for room and taking it
  absl::Mutex rouge_;   // one table of ROUGE at a time bounds the memory
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_EVALUATION_SERVICE_H_
