// In-process services with simple, known answers, for tests of the client commands.
#ifndef TACT_SERVICES_TACTCTL_TESTING_FAKE_SERVICES_H_
#define TACT_SERVICES_TACTCTL_TESTING_FAKE_SERVICES_H_

#include <grpcpp/server.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tact/v1/evaluation.grpc.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::testing {

// Answers "<prompt's first 20 bytes> said", in two pieces where it streams. Refuses the model
// "none", and answers "code-7" with that gRPC status.
class FakePolicy : public v1::PolicyService::Service {
 public:
  grpc::Status Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                        v1::GenerateResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override;
  grpc::Status StreamGenerate(grpc::ServerContext* context,
                              const v1::StreamGenerateRequest* request,
                              grpc::ServerWriter<v1::StreamGenerateResponse>* writer) override;
  grpc::Status ListAdapters(grpc::ServerContext* context, const v1::ListAdaptersRequest* request,
                            v1::ListAdaptersResponse* response) override;
  grpc::Status LoadAdapter(grpc::ServerContext* context, const v1::LoadAdapterRequest* request,
                           v1::LoadAdapterResponse* response) override;
  grpc::Status UnloadAdapter(grpc::ServerContext* context, const v1::UnloadAdapterRequest* request,
                             v1::UnloadAdapterResponse* response) override;
  v1::GenerateRequest last;
  std::map<std::string, v1::ServedModel> adapters;
};

// Toxic where the text holds "fool"; an item error for texts above 1000 bytes.
class FakeReward : public v1::RewardService::Service {
 public:
  grpc::Status Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override;
  grpc::Status GetRewardModel(grpc::ServerContext* context,
                              const v1::GetRewardModelRequest* request,
                              v1::GetRewardModelResponse* response) override;
};

// Every job makes three steps; the name decides its end: "failing" fails, "endless" goes on,
// "pausing" pauses until ResumeJob. Two files are exported, the second damaged for the job
// "damaged". The
// first WatchJob of a job called "broken" ends after one event with UNAVAILABLE.
class FakeTrainer : public v1::TrainerService::Service {
 public:
  grpc::Status CreateJob(grpc::ServerContext* context, const v1::CreateJobRequest* request,
                         v1::CreateJobResponse* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::GetJobResponse* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override;
  grpc::Status UploadDataset(grpc::ServerContext* context,
                             grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                             v1::UploadDatasetResponse* response) override;
  grpc::Status PlanJob(grpc::ServerContext* context, const v1::PlanJobRequest* request,
                       v1::PlanJobResponse* response) override;
  grpc::Status PauseJob(grpc::ServerContext* context, const v1::PauseJobRequest* request,
                        v1::PauseJobResponse* response) override;
  grpc::Status ResumeJob(grpc::ServerContext* context, const v1::ResumeJobRequest* request,
                         v1::ResumeJobResponse* response) override;
  grpc::Status ListCheckpoints(grpc::ServerContext* context,
                               const v1::ListCheckpointsRequest* request,
                               v1::ListCheckpointsResponse* response) override;
  grpc::Status ExportModel(grpc::ServerContext* context, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override;
  grpc::Status ListDatasets(grpc::ServerContext* context, const v1::ListDatasetsRequest* request,
                            v1::ListDatasetsResponse* response) override;
  std::vector<v1::JobSpec> specs;  // of every CreateJob
  v1::ListJobsRequest last_list;
  v1::ExportModelRequest last_export;
  std::atomic<bool> paused = false;
  v1::JobSpec last_spec;
  v1::UploadHeader last_header;
  std::string uploaded;
  std::vector<uint64_t> watched_after;  // after_sequence of each WatchJob
};

// Scores that depend on the model's name only.
class FakeEvaluation : public v1::EvaluationService::Service {
 public:
  grpc::Status RunEvaluation(grpc::ServerContext* context, const v1::RunEvaluationRequest* request,
                             v1::RunEvaluationResponse* response) override;
  grpc::Status WatchEvaluation(grpc::ServerContext* context,
                               const v1::WatchEvaluationRequest* request,
                               grpc::ServerWriter<v1::WatchEvaluationResponse>* writer) override;
  grpc::Status Compare(grpc::ServerContext* context, const v1::CompareRequest* request,
                       v1::CompareResponse* response) override;
  grpc::Status GetReport(grpc::ServerContext* context, const v1::GetReportRequest* request,
                         grpc::ServerWriter<v1::GetReportResponse>* writer) override;
  grpc::Status ListEvaluations(grpc::ServerContext* context,
                               const v1::ListEvaluationsRequest* request,
                               v1::ListEvaluationsResponse* response) override;
  grpc::Status GetEvaluation(grpc::ServerContext* context, const v1::GetEvaluationRequest* request,
                             v1::GetEvaluationResponse* response) override;
  std::vector<v1::EvaluationSpec> specs;
  v1::GetReportRequest last_report;
};

// All four on one port of loopback.
struct FakeCluster {
  FakeCluster();
  ~FakeCluster() { server->Shutdown(); }
  std::string address;
  FakePolicy policy;
  FakeReward reward;
  FakeTrainer trainer;
  FakeEvaluation evaluation;
  std::unique_ptr<grpc::Server> server;
};

}  // namespace tact::testing

#endif  // TACT_SERVICES_TACTCTL_TESTING_FAKE_SERVICES_H_
