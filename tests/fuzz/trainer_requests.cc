// tact-fuzz-trainer SECONDS [SEED]: mutated requests for every method of a trainer service.
#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/model/roberta_model.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/text/tokenizer.h"
#include "services/trainer/sft/sft_job.h"
#include "services/trainer/start_facts.h"
#include "services/trainer/testing/fake_services.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/trainer_service.h"
#include "services/trainer/weights/publisher.h"
#include "tests/fuzz/request_fuzzer.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr char kTrained[] = "trained";  // the one job that is really trained
constexpr char kPairs[] =
    "{\"prompt\":\"Say one.\",\"response\":\"one\"}\n"
    "{\"prompt\":\"Say two.\",\"response\":\"two\"}\n";
constexpr char kDialogues[] =
    "{\"dialogue\":\"Ann: Hello, Ben.\",\"summary\":\"They meet.\"}\n"
    "{\"dialogue\":\"Ben: Good bye, Ann.\",\"summary\":\"They part.\"}\n";
constexpr char kTexts[] = "text,label\nyou are kind,0\nyou are a fool,1\n";

struct Trainer {
  JobEnvironment environment;
  std::unique_ptr<DatasetStore> datasets;
  std::unique_ptr<FakePolicy> policy;
  std::unique_ptr<JobStore> store;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<JobRunner> runner;
  std::unique_ptr<ModelExporter> exporter;
  std::unique_ptr<JobPlanner> planner;
  std::unique_ptr<TrainerService> service;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::TrainerService::Stub> stub;
  std::string address, dialogues, pairs, texts;  // ids of data sets
  v1::Job job;                                   // the trained one, when it had ended
};

void WriteTokenizer(const fs::path& folder, const std::string& like,
                    const std::vector<std::string>& files) {
  fs::create_directories(folder);
  for (const std::string& file : files) {
    WriteInput(folder / file, SourceFile(StrCat("common/text/testdata/", like, "/", file)));
  }
}

T5Config WriteModels(const fs::path& root) {
  T5Config t5 = TinyT5Config();
  WriteTokenizer(root / "t5", "t5", {"spiece.model"});
  t5.vocab_size = LoadTokenizer(root / "t5").value()->vocab_size();
  RobertaConfig roberta;
  WriteTokenizer(root / "roberta", "bpe", {"vocab.json", "merges.txt"});
  roberta.vocab_size = LoadTokenizer(root / "roberta").value()->vocab_size();
  roberta.hidden_size = roberta.intermediate_size = 16;
  roberta.num_hidden_layers = 1;
  roberta.num_attention_heads = 2;
  roberta.max_position_embeddings = 34;
  if (!T5Model::Create(t5, 1).value()->Save(root / "t5").ok() ||
      !RobertaModel::Create(roberta, 1).value()->Save(root / "roberta").ok()) {
    FailFuzzing("the models cannot be written");
  }
  return t5;
}

std::vector<v1::UploadDatasetRequest> UploadOf(const std::string& bytes, v1::DatasetKind kind,
                                               const std::string& name) {
  std::vector<v1::UploadDatasetRequest> out(2);
  v1::UploadHeader& header = *out[0].mutable_header();
  header.set_filename(name);
  header.set_kind(kind);
  header.set_sha256(Sha256Hex(bytes));
  header.set_total_bytes(bytes.size());
  out[1].set_chunk(bytes);
  return out;
}

std::string Upload(Trainer& trainer, const std::vector<v1::UploadDatasetRequest>& requests) {
  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  const auto writer = trainer.stub->UploadDataset(&context, &response);
  for (const auto& request : requests) writer->Write(request);
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) FailFuzzing("a valid UploadDataset answers " + status.error_message());
  return response.dataset_id();
}

v1::JobSpec Spec(v1::JobKind kind, const std::string& base, const std::string& dataset) {
  v1::JobSpec spec;
  spec.set_kind(kind);
  spec.set_name("job");
  spec.set_base_model(base);
  spec.set_dataset_id(dataset);
  spec.set_validation_dataset_id(dataset);
  spec.mutable_supervised()->set_max_steps(2);
  spec.mutable_supervised()->set_batch_size(2);
  spec.mutable_optimizer()->set_learning_rate(1e-4);
  if (kind != v1::JOB_KIND_LORA) return spec;
  spec.mutable_lora()->set_rank(2);
  spec.mutable_lora()->add_target_modules("q");
  return spec;
}

template <typename Request>
Request WithSpec(const v1::JobSpec& spec) {
  Request request;
  *request.mutable_spec() = spec;
  return request;
}

v1::Job Create(Trainer& trainer, const v1::JobSpec& spec) {
  grpc::ClientContext context;
  v1::CreateJobResponse response;
  const grpc::Status status =
      trainer.stub->CreateJob(&context, WithSpec<v1::CreateJobRequest>(spec), &response);
  if (!status.ok()) FailFuzzing("a valid CreateJob answers " + status.error_message());
  return response.job();
}

v1::Job Get(Trainer& trainer, const std::string& id) {
  grpc::ClientContext context;
  v1::GetJobResponse response;
  const grpc::Status status =
      trainer.stub->GetJob(&context, WithId<v1::GetJobRequest>(id), &response);
  if (!status.ok()) FailFuzzing("a valid GetJob answers " + status.error_message());
  return response.job();
}

// Reads the events of a job until it has ended.
void AwaitEnd(Trainer& trainer, const std::string& id) {
  grpc::ClientContext context;
  SetDeadline(context, 120);
  const auto reader = trainer.stub->WatchJob(&context, WithId<v1::WatchJobRequest>(id));
  for (v1::WatchJobResponse event; reader->Read(&event);) {
  }
  if (!reader->Finish().ok()) FailFuzzing("a job does not end: " + id);
}

std::vector<Seed> JobSeeds(const Trainer& trainer) {
  v1::CreateJobRequest create =
      WithSpec<v1::CreateJobRequest>(Spec(v1::JOB_KIND_LORA, "t5", trainer.pairs));
  create.set_request_id("request-1");
  v1::JobSpec ppo = Spec(v1::JOB_KIND_PPO, "t5", trainer.dialogues);
  ppo.clear_supervised();
  ppo.mutable_ppo()->set_steps(2);
  ppo.mutable_ppo()->set_batch_size(2);
  ppo.mutable_ppo()->set_mini_batch_size(1);
  ppo.mutable_ppo()->mutable_sampling()->set_max_new_tokens(4);
  v1::ListJobsRequest list;
  list.set_page_size(3);
  list.add_states(v1::JOB_STATE_SUCCEEDED);
  list.add_kinds(v1::JOB_KIND_FULL);
  list.set_name_contains("j");
  list.set_page_token("5");
  const v1::JobSpec reward = Spec(v1::JOB_KIND_REWARD, "roberta", trainer.texts);
  return {MakeSeed("CreateJob", create),
          MakeSeed("CreateJob", WithSpec<v1::CreateJobRequest>(ppo)),
          MakeSeed("CreateJob", WithSpec<v1::CreateJobRequest>(reward)),
          MakeSeed("PlanJob", WithSpec<v1::PlanJobRequest>(create.spec())),
          MakeSeed("ListJobs", list),
          MakeSeed("ListJobs", v1::ListJobsRequest())};
}

std::vector<Seed> Seeds(const Trainer& trainer) {
  std::vector<Seed> out = JobSeeds(trainer);
  const std::string& id = trainer.job.id();
  out.push_back(MakeSeed("GetJob", WithId<v1::GetJobRequest>(id)));
  out.push_back(MakeSeed("WatchJob", WithId<v1::WatchJobRequest>(id)));
  out.push_back(MakeSeed("CancelJob", WithId<v1::CancelJobRequest>(id)));
  out.push_back(MakeSeed("PauseJob", WithId<v1::PauseJobRequest>(id)));
  out.push_back(MakeSeed("ResumeJob", WithId<v1::ResumeJobRequest>(id)));
  out.push_back(MakeSeed("ListCheckpoints", WithId<v1::ListCheckpointsRequest>(id)));
  out.push_back(MakeSeed("ExportModel", WithId<v1::ExportModelRequest>(id)));
  out.push_back(MakeSeed("ListDatasets", v1::ListDatasetsRequest()));
  const auto jsonl = UploadOf(kDialogues, v1::DATASET_KIND_DIALOGUES, "d.jsonl");
  const auto csv = UploadOf(kTexts, v1::DATASET_KIND_LABELLED, "texts.csv");
  out.push_back(MakeSeed("UploadDataset", jsonl[0], jsonl[1]));
  out.push_back(MakeSeed("UploadDataset", csv[0], csv[1]));
  return out;
}

// The job that was trained stands as it stood, its result can be fetched, and lists hold each job
// once.
void Check(Trainer& trainer) {
  const std::string& id = trainer.job.id();
  if (Get(trainer, id).SerializeAsString() != trainer.job.SerializeAsString()) {
    FailFuzzing("a job that had ended is another now");
  }
  grpc::ClientContext context, list_context;
  const auto reader = trainer.stub->ExportModel(&context, WithId<v1::ExportModelRequest>(id));
  for (v1::ExportModelResponse part; reader->Read(&part);) {
  }
  if (!reader->Finish().ok()) FailFuzzing("the trained model cannot be exported");
  v1::ListJobsRequest list;
  list.set_page_size(1000);
  v1::ListJobsResponse jobs;
  if (!trainer.stub->ListJobs(&list_context, list, &jobs).ok()) FailFuzzing("ListJobs fails");
  std::set<std::string> ids;
  for (const v1::Job& job : jobs.jobs()) ids.insert(job.id());
  if (ids.size() != static_cast<size_t>(jobs.jobs_size())) FailFuzzing("a job is listed twice");
}

// Only the first job is trained: the others end at once, whatever they ask for.
absl::Status RunJob(JobContext& context, const JobEnvironment& environment) {
  return context.spec().name() == kTrained ? RunSftJob(context, environment) : absl::OkStatus();
}

void Wire(Trainer& t, const fs::path& folder) {
  const T5Config t5 = WriteModels(folder / "models");
  t.datasets = std::make_unique<DatasetStore>(folder / "datasets", 1 << 20);
  t.policy = std::make_unique<FakePolicy>(t5, 1);
  t.store = JobStore::Open(folder / "jobs.db").value();
  t.publisher =
      std::make_unique<Publisher>(*t.store, folder, std::vector<std::string>{t.policy->address()});
  t.environment.folders = {folder / "models", folder};
  t.environment.datasets = t.datasets.get();
  t.environment.find_job = [&t](std::string_view id) { return t.store->Get(id); };
  t.environment.publisher = t.publisher.get();
  t.runner = std::make_unique<JobRunner>(
      *t.store, folder, [&t](JobContext& context) { return RunJob(context, t.environment); });
  t.exporter = std::make_unique<ModelExporter>(t.environment.folders, t.environment.find_job);
  t.planner = std::make_unique<JobPlanner>(t.environment, MakeSpecEnvironment(t.environment),
                                           [&t] { return !t.store->Unfinished()->empty(); });
  t.service = std::make_unique<TrainerService>(*t.store, *t.runner, *t.datasets, *t.exporter,
                                               *t.planner, MakeSpecEnvironment(t.environment));
  t.server = Server::Start({}, {t.service.get()}, {"tact.v1.TrainerService"}).value();
  t.runner->Start();
  t.address = StrCat("127.0.0.1:", t.server->port());
  t.stub = v1::TrainerService::NewStub(MakeChannel(t.address));
}

RequestTarget Start(const FolderWatch& folders) {
  const auto trainer = std::make_shared<Trainer>();
  Wire(*trainer, folders.service());
  trainer->dialogues =
      Upload(*trainer, UploadOf(kDialogues, v1::DATASET_KIND_DIALOGUES, "d.jsonl"));
  trainer->pairs = Upload(*trainer, UploadOf(kPairs, v1::DATASET_KIND_PAIRS, "p.jsonl"));
  trainer->texts = Upload(*trainer, UploadOf(kTexts, v1::DATASET_KIND_LABELLED, "texts.csv"));
  v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, "t5", trainer->pairs);
  spec.set_name(kTrained);
  const std::string id = Create(*trainer, spec).id();
  AwaitEnd(*trainer, id);
  trainer->job = Get(*trainer, id);
  if (trainer->job.state() != v1::JOB_STATE_SUCCEEDED) FailFuzzing(trainer->job.message());
  return {"tact.v1.TrainerService", trainer->address, Seeds(*trainer), {"WatchJob"}, [trainer] {
            Check(*trainer);
          }};
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) { return tact::fuzz::FuzzRequests(argc, argv, tact::fuzz::Start); }
