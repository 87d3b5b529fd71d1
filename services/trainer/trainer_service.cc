#include "services/trainer/trainer_service.h"

#include <utility>

#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/handler.h"
#include "services/trainer/checkpoint/checkpoint_list.h"

namespace tact {
namespace {

constexpr char kService[] = "tact.v1.TrainerService";
constexpr absl::Duration kWatchPoll = absl::Milliseconds(200);
constexpr absl::Duration kStepWait = absl::Seconds(20);  // for a job to finish its step
constexpr int kEventsPerRead = 256;
constexpr size_t kMaxRequestId = 200;

}  // namespace

TrainerService::TrainerService(JobStore& store, JobRunner& runner, const DatasetStore& datasets,
                               const ModelExporter& exporter, JobPlanner& planner,
                               SpecEnvironment environment)
    : store_(store),
      runner_(runner),
      datasets_(datasets),
      exporter_(exporter),
      planner_(planner),
      environment_(std::move(environment)) {}

grpc::Status TrainerService::CreateJob(grpc::ServerContext* context,
                                       const v1::CreateJobRequest* request,
                                       v1::CreateJobResponse* response) {
  return HandleCall(kService, "CreateJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_job(), Create(*request));
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Job> TrainerService::Create(const v1::CreateJobRequest& request) {
  if (request.request_id().size() > kMaxRequestId) {
    return FieldError("request_id", Shorten(request.request_id()), "too long",
                      StrCat("use at most ", kMaxRequestId, " bytes, e.g. a UUID"));
  }
  if (!request.request_id().empty()) {
    // A repeated request gets its job even where, say, a base folder has gone since.
    ASSIGN_OR_RETURN(const auto existing, store_.FindRequest(request.request_id(), request.spec()));
    if (existing) return *existing;
  }
  ASSIGN_OR_RETURN(const v1::JobSpec resolved, ResolveSpec(request.spec(), environment_));
  return store_.Create(request.request_id(), request.spec(), resolved);
}

grpc::Status TrainerService::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                                    v1::GetJobResponse* response) {
  return HandleCall(kService, "GetJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_job(), store_.Get(request->id()));
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::PlanJob(grpc::ServerContext* context,
                                     const v1::PlanJobRequest* request,
                                     v1::PlanJobResponse* response) {
  return HandleCall(kService, "PlanJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response, planner_.Plan(request->spec(),
                                              [&] { return stopping_ || context->IsCancelled(); }));
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::ListJobs(grpc::ServerContext* context,
                                      const v1::ListJobsRequest* request,
                                      v1::ListJobsResponse* response) {
  return HandleCall(kService, "ListJobs", context, [&]() -> absl::Status {
    const uint32_t size = request->page_size() == 0 ? 100 : request->page_size();
    if (size > 1000) {
      return FieldError("page_size", StrCat(size), "too large", "choose 1 to 1000");
    }
    const JobFilter filter{{request->states().begin(), request->states().end()},
                           {request->kinds().begin(), request->kinds().end()},
                           request->name_contains()};
    ASSIGN_OR_RETURN(JobPage page, store_.List(size, request->page_token(), filter));
    for (v1::Job& job : page.jobs) *response->add_jobs() = std::move(job);
    response->set_next_page_token(page.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::WatchJob(grpc::ServerContext* context,
                                      const v1::WatchJobRequest* request,
                                      grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  return HandleCall(kService, "WatchJob", context,
                    [&] { return Watch(*context, *request, *writer); });
}

absl::Status TrainerService::Watch(grpc::ServerContext& context, const v1::WatchJobRequest& request,
                                   grpc::ServerWriter<v1::WatchJobResponse>& writer) {
  uint64_t sequence = request.after_sequence(), seen = 0;
  while (!context.IsCancelled()) {
    // Asked before the events are read, so that the last event is not missed.
    ASSIGN_OR_RETURN(const v1::Job job, store_.Get(request.id()));
    ASSIGN_OR_RETURN(const auto events, store_.EventsAfter(request.id(), sequence, kEventsPerRead));
    for (const JobEvent& event : events) {
      v1::WatchJobResponse response;
      response.set_sequence(event.sequence);
      *response.mutable_job() = event.job;
      response.set_is_step(event.is_step);
      if (!WriteMessage(writer, response)) return absl::CancelledError("the watcher has gone");
      sequence = event.sequence;
    }
    if (events.empty() && HasEnded(job.state())) return absl::OkStatus();
    if (stopping_) return absl::UnavailableError("the trainer stops; watch again from here");
    if (events.empty()) seen = store_.WaitForChange(seen, kWatchPoll);
  }
  return absl::CancelledError("the call was cancelled");
}

grpc::Status TrainerService::CancelJob(grpc::ServerContext* context,
                                       const v1::CancelJobRequest* request,
                                       v1::CancelJobResponse* response) {
  return HandleCall(kService, "CancelJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_job(), runner_.Cancel(request->id(), kStepWait));
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::PauseJob(grpc::ServerContext* context,
                                      const v1::PauseJobRequest* request,
                                      v1::PauseJobResponse* response) {
  return HandleCall(kService, "PauseJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_job(), runner_.Pause(request->id(), kStepWait));
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::ResumeJob(grpc::ServerContext* context,
                                       const v1::ResumeJobRequest* request,
                                       v1::ResumeJobResponse* response) {
  return HandleCall(kService, "ResumeJob", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_job(), runner_.Resume(request->id()));
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::ListCheckpoints(grpc::ServerContext* context,
                                             const v1::ListCheckpointsRequest* request,
                                             v1::ListCheckpointsResponse* response) {
  return HandleCall(kService, "ListCheckpoints", context, [&]() -> absl::Status {
    RETURN_IF_ERROR(store_.Get(request->id()).status());
    for (v1::Checkpoint& found : DescribeCheckpoints(runner_.CheckpointFolder(request->id()))) {
      *response->add_checkpoints() = std::move(found);
    }
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::UploadDataset(grpc::ServerContext* context,
                                           grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                                           v1::UploadDatasetResponse* response) {
  return HandleCall(kService, "UploadDataset", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const StoredDataset dataset, Receive(*reader));
    response->set_dataset_id(dataset.id);
    response->set_examples(dataset.examples);
    return absl::OkStatus();
  });
}

absl::StatusOr<StoredDataset> TrainerService::Receive(
    grpc::ServerReader<v1::UploadDatasetRequest>& reader) {
  v1::UploadDatasetRequest request;
  if (!ReadMessage(reader, &request) || !request.has_header()) {
    return FieldError("header", "", "the first message holds no header", "send the header first");
  }
  ASSIGN_OR_RETURN(const auto upload, datasets_.Begin(request.header()));
  while (ReadMessage(reader, &request)) {
    if (!request.has_chunk()) {
      return FieldError("chunk", "", "a later message holds no chunk", "send one header only");
    }
    RETURN_IF_ERROR(upload->Append(request.chunk()));
  }
  return upload->Finish();
}

grpc::Status TrainerService::ListDatasets(grpc::ServerContext* context,
                                          const v1::ListDatasetsRequest*,
                                          v1::ListDatasetsResponse* response) {
  return HandleCall(kService, "ListDatasets", context, [&]() -> absl::Status {
    for (const StoredDataset& stored : datasets_.List()) {
      v1::Dataset& out = *response->add_datasets();
      out.set_id(stored.id);
      out.set_filename(stored.filename);
      out.set_kind(stored.kind);
      out.set_examples(stored.examples);
      out.set_bytes(stored.bytes);
    }
    return absl::OkStatus();
  });
}

grpc::Status TrainerService::ExportModel(grpc::ServerContext* context,
                                         const v1::ExportModelRequest* request,
                                         grpc::ServerWriter<v1::ExportModelResponse>* writer) {
  return HandleCall(kService, "ExportModel", context, [&] {
    const absl::Status status =
        exporter_.Export(*request, [&](const v1::ExportModelResponse& part) {
          return !stopping_ && !context->IsCancelled() && WriteMessage(*writer, part);
        });
    if (!stopping_ || status.ok()) return status;
    return absl::UnavailableError("the trainer stops; export again");
  });
}

}  // namespace tact
