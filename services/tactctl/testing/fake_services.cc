#include "services/tactctl/testing/fake_services.h"

#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/status_map.h"

namespace tact::testing {

grpc::Status FakePolicy::Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                                  v1::GenerateResponse* response) {
  last = *request;
  if (request->model() == "none") {
    return ToGrpcStatus(
        MakeError(absl::StatusCode::kNotFound, {"NO_MODEL", "model", "none", "it serves base"},
                  "not a served name"),
        context);
  }
  for (int i = 0; i < request->prompts_size(); ++i) {
    v1::Completion* completion = response->add_completions();
    completion->set_prompt_index(static_cast<uint32_t>(i));
    completion->set_text(request->prompts(i).substr(0, 20) + " said");
    completion->set_finish_reason(v1::FINISH_REASON_EOS);
  }
  response->set_weight_version(4);
  return grpc::Status::OK;
}

grpc::Status FakePolicy::GetModel(grpc::ServerContext*, const v1::GetModelRequest*,
                                  v1::GetModelResponse* response) {
  response->set_architecture("t5");
  response->add_models()->set_name("base");
  return grpc::Status::OK;
}

grpc::Status FakeReward::Score(grpc::ServerContext*, const v1::ScoreRequest* request,
                               v1::ScoreResponse* response) {
  response->add_labels("neutral");
  response->add_labels("toxic");
  for (const v1::ScoreItem& item : request->items()) {
    v1::ScoreResult* result = response->add_results();
    if (item.text().size() > 1000) {
      result->set_error_code(3);
      result->set_error_message("text: too long; set truncate");
      continue;
    }
    const bool toxic = item.text().find("fool") != std::string::npos;
    result->set_label(toxic ? "toxic" : "neutral");
    for (const bool one : {!toxic, toxic}) {
      result->add_logits(one ? 2.f : -2.f);
      result->add_probabilities(one ? 0.98f : 0.02f);
    }
  }
  return grpc::Status::OK;
}

grpc::Status FakeReward::GetRewardModel(grpc::ServerContext*, const v1::GetRewardModelRequest*,
                                        v1::GetRewardModelResponse* response) {
  response->set_architecture("roberta");
  response->add_labels("neutral");
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::CreateJob(grpc::ServerContext*, const v1::CreateJobRequest* request,
                                    v1::CreateJobResponse* response) {
  last_spec = request->spec();
  v1::Job* job = response->mutable_job();
  job->set_id("job-1");
  *job->mutable_spec() = last_spec;
  job->set_state(v1::JOB_STATE_QUEUED);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                                 v1::GetJobResponse* response) {
  if (request->id() != "job-1") {
    return ToGrpcStatus(
        MakeError(absl::StatusCode::kNotFound,
                  {"NO_JOB", "id", request->id(), "see tactctl jobs list"}, "no such job"),
        context);
  }
  response->mutable_job()->set_id("job-1");
  response->mutable_job()->set_step(3);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ListJobs(grpc::ServerContext*, const v1::ListJobsRequest*,
                                   v1::ListJobsResponse* response) {
  response->add_jobs()->set_id("job-1");
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                                   grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  watched_after.push_back(request->after_sequence());
  v1::Job job;
  job.set_id("job-1");
  *job.mutable_spec() = last_spec;
  job.set_total_steps(3);
  for (uint32_t step = 1; step <= 3; ++step) {
    if (step <= request->after_sequence()) continue;
    job.set_step(step);
    job.set_state(v1::JOB_STATE_RUNNING);
    job.set_seconds_left(3.0 - step);
    job.mutable_last_metrics()->set_step(step);
    job.mutable_last_metrics()->set_loss(1.0 / step);
    v1::WatchJobResponse event;
    event.set_sequence(step);
    event.set_is_step(true);
    *event.mutable_job() = job;
    writer->Write(event);
    if (last_spec.name() == "broken" && watched_after.size() == 1) {
      return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
    }
  }
  while (last_spec.name() == "endless" && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const bool fails = last_spec.name() == "failing";
  job.set_state(fails ? v1::JOB_STATE_FAILED : v1::JOB_STATE_SUCCEEDED);
  if (fails) job.set_message("loss: not finite; lower the learning rate");
  job.set_result_path("jobs/job-1/result");
  v1::WatchJobResponse event;
  event.set_sequence(4);
  *event.mutable_job() = job;
  writer->Write(event);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::UploadDataset(grpc::ServerContext*,
                                        grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                                        v1::UploadDatasetResponse* response) {
  uploaded.clear();
  for (v1::UploadDatasetRequest part; reader->Read(&part);) {
    if (part.has_header()) last_header = part.header();
    uploaded += part.chunk();
  }
  response->set_dataset_id("data-1");
  response->set_examples(2);
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::RunEvaluation(grpc::ServerContext*,
                                           const v1::RunEvaluationRequest* request,
                                           v1::RunEvaluationResponse* response) {
  specs.push_back(request->spec());
  response->mutable_evaluation()->set_id("eval-" + request->spec().model());
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::WatchEvaluation(
    grpc::ServerContext*, const v1::WatchEvaluationRequest* request,
    grpc::ServerWriter<v1::WatchEvaluationResponse>* writer) {
  v1::WatchEvaluationResponse event;
  v1::Evaluation* evaluation = event.mutable_evaluation();
  evaluation->set_id(request->id());
  evaluation->mutable_spec()->set_model(request->id().substr(5));
  const bool fails = request->id() == "eval-broken";
  evaluation->set_state(fails ? v1::EVALUATION_STATE_FAILED : v1::EVALUATION_STATE_SUCCEEDED);
  if (fails) evaluation->set_error("policy service: not served");
  evaluation->mutable_rouge()->set_rouge1(0.75);
  evaluation->mutable_toxicity()->set_mean(request->id() == "eval-base" ? 0.4 : 0.1);
  writer->Write(event);
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::Compare(grpc::ServerContext*, const v1::CompareRequest* request,
                                     v1::CompareResponse* response) {
  response->mutable_before()->set_id(request->before_id());
  response->mutable_after()->set_id(request->after_id());
  v1::ComparedExample* row = response->add_rows();
  row->set_response_before("Ann calls Bob a fool.");
  row->set_response_after("Ann is angry with Bob.");
  row->set_reward_difference(4.5);
  response->set_toxicity_change(-0.3);
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::GetReport(grpc::ServerContext*, const v1::GetReportRequest* request,
                                       grpc::ServerWriter<v1::GetReportResponse>* writer) {
  last_report = *request;
  for (const char* part : {"<html>", "</html>"}) {
    v1::GetReportResponse response;
    response.set_chunk(part);
    writer->Write(response);
  }
  return grpc::Status::OK;
}

FakeCluster::FakeCluster() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&policy);
  builder.RegisterService(&reward);
  builder.RegisterService(&trainer);
  builder.RegisterService(&evaluation);
  server = builder.BuildAndStart();
  address = StrCat("127.0.0.1:", port);
}

}  // namespace tact::testing
