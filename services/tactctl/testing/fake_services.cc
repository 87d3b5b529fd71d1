#include "services/tactctl/testing/fake_services.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>

#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/handler.h"
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
  if (request->model().rfind("code-", 0) == 0) {
    return {static_cast<grpc::StatusCode>(std::stoi(request->model().substr(5))), "as asked"};
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

grpc::Status FakePolicy::GetModel(grpc::ServerContext* context, const v1::GetModelRequest*,
                                  v1::GetModelResponse* response) {
  return HandleCall("tact.v1.PolicyService", "GetModel", context, [&]() -> absl::Status {
    response->set_architecture("t5");
    response->add_models()->set_name("base");
    for (const auto& [name, model] : adapters) *response->add_models() = model;
    return absl::OkStatus();
  });
}

grpc::Status FakePolicy::StreamGenerate(grpc::ServerContext* context,
                                        const v1::StreamGenerateRequest* request,
                                        grpc::ServerWriter<v1::StreamGenerateResponse>* writer) {
  v1::GenerateResponse all;
  const grpc::Status status = Generate(context, &request->generate(), &all);
  for (const bool ended : {false, true}) {
    for (const v1::Completion& completion : all.completions()) {
      const size_t half = completion.text().size() / 2;
      v1::StreamGenerateResponse event;
      event.set_prompt_index(completion.prompt_index());
      event.set_weight_version(all.weight_version());
      event.set_text(ended ? completion.text().substr(half) : completion.text().substr(0, half));
      if (ended) *event.mutable_completion() = completion;
      writer->Write(event);
    }
  }
  return status;
}

grpc::Status FakePolicy::ListAdapters(grpc::ServerContext*, const v1::ListAdaptersRequest*,
                                      v1::ListAdaptersResponse* response) {
  for (const auto& [name, model] : adapters) *response->add_models() = model;
  return grpc::Status::OK;
}

grpc::Status FakePolicy::LoadAdapter(grpc::ServerContext*, const v1::LoadAdapterRequest* request,
                                     v1::LoadAdapterResponse* response) {
  v1::ServedModel& model = adapters[request->adapter()];
  model.set_name(request->adapter());
  model.set_parent(request->parent().empty() ? "base" : request->parent());
  model.set_weight_version(1);
  *response->mutable_model() = model;
  return grpc::Status::OK;
}

grpc::Status FakePolicy::UnloadAdapter(grpc::ServerContext*,
                                       const v1::UnloadAdapterRequest* request,
                                       v1::UnloadAdapterResponse* response) {
  const auto found = adapters.find(request->adapter());
  if (found == adapters.end()) return {grpc::StatusCode::NOT_FOUND, "adapter: not served"};
  *response->mutable_model() = found->second;
  adapters.erase(found);
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
  specs.push_back(last_spec);
  paused = last_spec.name() == "pausing";
  v1::Job* job = response->mutable_job();
  job->set_id(StrCat("job-", specs.size()));
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
  if (paused) response->mutable_job()->set_state(v1::JOB_STATE_PAUSED);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                                   v1::ListJobsResponse* response) {
  last_list = *request;
  if (request->page_size() == 1 && request->page_token().empty())
    response->set_next_page_token("7");
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
    job.mutable_last_metrics()->set_seconds(2.5);
    v1::WatchJobResponse event;
    event.set_sequence(step);
    event.set_is_step(true);
    *event.mutable_job() = job;
    writer->Write(event);
    if (last_spec.name() == "broken" && watched_after.size() == 1) {
      return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
    }
  }
  if (last_spec.name() == "pausing") {
    v1::WatchJobResponse event;
    event.set_sequence(4);
    job.set_state(v1::JOB_STATE_PAUSED);
    job.set_pause_reason(v1::PAUSE_REASON_DISK_FULL);
    job.set_message("no space for a checkpoint");
    *event.mutable_job() = job;
    writer->Write(event);
    while (paused && !context->IsCancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (paused) return grpc::Status::CANCELLED;
    job.clear_message();
  }
  while (last_spec.name() == "endless" && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const bool fails = last_spec.name() == "failing";
  job.set_state(fails ? v1::JOB_STATE_FAILED : v1::JOB_STATE_SUCCEEDED);
  if (fails) job.set_message("loss: not finite; lower the learning rate");
  job.set_result_path("jobs/job-1/result");
  v1::WatchJobResponse event;
  event.set_sequence(5);
  *event.mutable_job() = job;
  writer->Write(event);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::PlanJob(grpc::ServerContext*, const v1::PlanJobRequest* request,
                                  v1::PlanJobResponse* response) {
  *response->mutable_spec() = request->spec();
  response->set_trainable_parameters(3538944);
  response->set_total_parameters(251116800);
  response->set_total_steps(10);
  response->mutable_memory()->set_total(uint64_t{3} << 30);
  response->set_seconds_per_step(request->spec().seed() == 1 ? 0 : 2.5);
  response->set_seconds(25);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::PauseJob(grpc::ServerContext*, const v1::PauseJobRequest* request,
                                   v1::PauseJobResponse* response) {
  paused = true;
  response->mutable_job()->set_id(request->id());
  response->mutable_job()->set_state(v1::JOB_STATE_PAUSED);
  response->mutable_job()->set_pause_reason(v1::PAUSE_REASON_REQUESTED);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ResumeJob(grpc::ServerContext*, const v1::ResumeJobRequest* request,
                                    v1::ResumeJobResponse* response) {
  paused = false;
  response->mutable_job()->set_id(request->id());
  response->mutable_job()->set_state(v1::JOB_STATE_QUEUED);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ListCheckpoints(grpc::ServerContext*, const v1::ListCheckpointsRequest*,
                                          v1::ListCheckpointsResponse* response) {
  v1::Checkpoint& newest = *response->add_checkpoints();
  newest.set_step(20);
  newest.set_damage("tensors: wrong SHA-256");
  v1::Checkpoint& best = *response->add_checkpoints();
  best.set_step(10);
  best.set_metric(0.25);
  best.set_is_best(true);
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ExportModel(grpc::ServerContext*, const v1::ExportModelRequest* request,
                                      grpc::ServerWriter<v1::ExportModelResponse>* writer) {
  last_export = *request;
  for (const std::string name : {"config.json", "model.safetensors"}) {
    v1::ExportModelResponse part;
    part.mutable_file()->set_name(request->id() == "escaping" ? "../" + name : name);
    part.mutable_file()->set_bytes(8);
    part.mutable_file()->set_sha256(Sha256Hex("12345678"));
    writer->Write(part);
    part.set_chunk("1234");
    writer->Write(part);
    part.set_chunk(request->id() == "damaged" ? "567x" : "5678");
    writer->Write(part);
  }
  return grpc::Status::OK;
}

grpc::Status FakeTrainer::ListDatasets(grpc::ServerContext*, const v1::ListDatasetsRequest*,
                                       v1::ListDatasetsResponse* response) {
  v1::Dataset& one = *response->add_datasets();
  one.set_id("pairs-1");
  one.set_filename("train.jsonl");
  one.set_kind(v1::DATASET_KIND_PAIRS);
  one.set_examples(12);
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
  v1::RougeIntervals* intervals = evaluation->mutable_rouge_intervals();
  intervals->set_confidence(0.95);
  intervals->set_resamples(1000);
  intervals->set_seed(7);
  intervals->mutable_rouge1()->set_low(0.7);
  intervals->mutable_rouge1()->set_high(0.8);
  evaluation->mutable_response_words()->set_mean(9);
  evaluation->mutable_response_tokens()->set_mean(12);
  evaluation->mutable_toxicity()->set_mean(request->id() == "eval-base" ? 0.4 : 0.1);
  writer->Write(event);
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::ListEvaluations(grpc::ServerContext*,
                                             const v1::ListEvaluationsRequest* request,
                                             v1::ListEvaluationsResponse* response) {
  v1::Evaluation* one = response->add_evaluations();
  one->set_id(request->page_token().empty() ? "eval-1" : "eval-2");
  one->set_state(v1::EVALUATION_STATE_SUCCEEDED);
  one->mutable_spec()->set_model("base");
  one->mutable_rouge()->set_rouge1(0.5);
  if (request->page_token().empty()) response->set_next_page_token("2");
  return grpc::Status::OK;
}

grpc::Status FakeEvaluation::GetEvaluation(grpc::ServerContext*,
                                           const v1::GetEvaluationRequest* request,
                                           v1::GetEvaluationResponse* response) {
  if (request->id() != "eval-1") return {grpc::StatusCode::NOT_FOUND, "id: no such evaluation"};
  v1::Evaluation* one = response->mutable_evaluation();
  one->set_id("eval-1");
  one->set_state(v1::EVALUATION_STATE_SUCCEEDED);
  one->mutable_toxicity()->set_mean(0.25);
  for (int i = 0; request->include_examples() && i < 3; ++i) {
    one->add_results()->set_response("Bob left " + std::to_string(i));
  }
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
  v1::PairedTest* test = response->add_tests();
  test->set_measure("toxicity");
  test->set_in_words("lower by .31 (95 % interval .28 to .34), p < .001");
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
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&policy);
  builder.RegisterService(&reward);
  builder.RegisterService(&trainer);
  builder.RegisterService(&evaluation);
  server = builder.BuildAndStart();
  for (const char* name : {"Policy", "Reward", "Trainer", "Evaluation"}) {
    server->GetHealthCheckService()->SetServingStatus(StrCat("tact.v1.", name, "Service"), true);
  }
  address = StrCat("127.0.0.1:", port);
}

}  // namespace tact::testing
