// The RPCs of tact.v1.TrainerService on the job store, the runner and the data sets.
#ifndef TACT_SERVICES_TRAINER_TRAINER_SERVICE_H_
#define TACT_SERVICES_TRAINER_TRAINER_SERVICE_H_

#include <atomic>

#include "services/trainer/datasets/dataset_store.h"
#include "services/trainer/export/model_export.h"
#include "services/trainer/jobs/job_store.h"
#include "services/trainer/jobs/runner.h"
#include "services/trainer/jobs/spec.h"
#include "services/trainer/plan/job_planner.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact {

class TrainerService final : public v1::TrainerService::Service {
 public:
  // All must outlive the service.
  TrainerService(JobStore& store, JobRunner& runner, const DatasetStore& datasets,
                 const ModelExporter& exporter, JobPlanner& planner, SpecEnvironment environment);

  // Ends the streams of WatchJob, whose clients then come back; for an orderly shutdown.
  void EndWatches() { stopping_ = true; }

  grpc::Status CreateJob(grpc::ServerContext* context, const v1::CreateJobRequest* request,
                         v1::CreateJobResponse* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::GetJobResponse* response) override;
  grpc::Status PlanJob(grpc::ServerContext* context, const v1::PlanJobRequest* request,
                       v1::PlanJobResponse* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override;
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::CancelJobResponse* response) override;
  grpc::Status PauseJob(grpc::ServerContext* context, const v1::PauseJobRequest* request,
                        v1::PauseJobResponse* response) override;
  grpc::Status ResumeJob(grpc::ServerContext* context, const v1::ResumeJobRequest* request,
                         v1::ResumeJobResponse* response) override;
  grpc::Status ListCheckpoints(grpc::ServerContext* context,
                               const v1::ListCheckpointsRequest* request,
                               v1::ListCheckpointsResponse* response) override;
  grpc::Status UploadDataset(grpc::ServerContext* context,
                             grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                             v1::UploadDatasetResponse* response) override;
  grpc::Status ListDatasets(grpc::ServerContext* context, const v1::ListDatasetsRequest* request,
                            v1::ListDatasetsResponse* response) override;
  grpc::Status ExportModel(grpc::ServerContext* context, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override;

 private:
  absl::StatusOr<v1::Job> Create(const v1::CreateJobRequest& request);
  absl::Status Watch(grpc::ServerContext& context, const v1::WatchJobRequest& request,
                     grpc::ServerWriter<v1::WatchJobResponse>& writer);
  absl::StatusOr<StoredDataset> Receive(grpc::ServerReader<v1::UploadDatasetRequest>& reader);

  JobStore& store_;
  JobRunner& runner_;
  const DatasetStore& datasets_;
  const ModelExporter& exporter_;
  JobPlanner& planner_;
  const SpecEnvironment environment_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TRAINER_SERVICE_H_
