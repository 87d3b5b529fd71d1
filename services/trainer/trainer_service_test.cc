// The whole service on a port of its own, with tiny models and the tokenizers of common/text.
#include "services/trainer/trainer_service.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/model/lora.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/trainer/classifier/reward_job.h"
#include "services/trainer/sft/sft_job.h"
#include "services/trainer/start_facts.h"
#include "services/trainer/testing/fake_services.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/publisher.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kPairs[] =
    "{\"prompt\":\"Say one.\",\"response\":\"one\"}\n"
    "{\"prompt\":\"Say two.\",\"response\":\"two\"}\n"
    "{\"prompt\":\"Say three now.\",\"response\":\"three\"}\n";
constexpr char kTexts[] =
    "text,label\nyou are kind,0\nyou are a fool,1\nthank you,0\nwhat a fool,1\n";

fs::path Tokenizers() {
  const char* root = std::getenv("TACT_SOURCE_DIR");
  return fs::path(root != nullptr ? root : "../..") / "common/text/testdata";
}

// Model folders "t5" and "roberta" with random weights.
T5Config MakeModels(const fs::path& root) {
  T5Config t5 = TinyT5Config();
  fs::create_directories(root / "t5");
  fs::copy_file(Tokenizers() / "t5/spiece.model", root / "t5/spiece.model");
  t5.vocab_size = LoadTokenizer(root / "t5").value()->vocab_size();
  EXPECT_TRUE(T5Model::Create(t5, 1).value()->Save(root / "t5").ok());

  RobertaConfig roberta;
  fs::create_directories(root / "roberta");
  for (const char* name : {"vocab.json", "merges.txt"}) {
    fs::copy_file(Tokenizers() / "bpe" / name, root / "roberta" / name);
  }
  roberta.vocab_size = LoadTokenizer(root / "roberta").value()->vocab_size();
  roberta.hidden_size = 16;
  roberta.num_hidden_layers = 1;
  roberta.num_attention_heads = 2;
  roberta.intermediate_size = 16;
  roberta.max_position_embeddings = 34;
  roberta.labels = {"neutral", "toxic"};
  EXPECT_TRUE(RobertaModel::Create(roberta, 1).value()->Save(root / "roberta").ok());
  return t5;
}

class TrainerServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    t5_ = MakeModels(folder_.path() / "models");
    policy_ = std::make_unique<FakePolicy>(t5_, 1);
    store_ = JobStore::Open(folder_.path() / "jobs.db").value();
    publisher_ = std::make_unique<Publisher>(*store_, folder_.path(),
                                             std::vector<std::string>{policy_->address()});
    environment_.folders = {folder_.path() / "models", folder_.path()};
    environment_.datasets = &datasets_;
    environment_.find_job = [this](std::string_view id) { return store_->Get(id); };
    environment_.publisher = publisher_.get();
    runner_ = std::make_unique<JobRunner>(*store_, folder_.path(), [this](JobContext& context) {
      return context.spec().kind() == v1::JOB_KIND_REWARD ? RunRewardJob(context, environment_)
                                                          : RunSftJob(context, environment_);
    });
    exporter_ = std::make_unique<ModelExporter>(environment_.folders, environment_.find_job);
    planner_ = std::make_unique<JobPlanner>(environment_, MakeSpecEnvironment(environment_),
                                            [this] { return !store_->Unfinished()->empty(); });
    service_ = std::make_unique<TrainerService>(*store_, *runner_, datasets_, *exporter_, *planner_,
                                                MakeSpecEnvironment(environment_));
    ServerOptions options;
    options.drain_seconds = 1;
    server_ = Server::Start(options, {service_.get()}, {"tact.v1.TrainerService"}).value();
    runner_->Start();
    stub_ = v1::TrainerService::NewStub(MakeChannel(StrCat("127.0.0.1:", server_->port())));
  }

  std::string Upload(const std::string& bytes, v1::DatasetKind kind, const std::string& name) {
    grpc::ClientContext context;
    v1::UploadDatasetResponse response;
    const auto writer = stub_->UploadDataset(&context, &response);
    v1::UploadDatasetRequest request;
    request.mutable_header()->set_filename(name);
    request.mutable_header()->set_kind(kind);
    request.mutable_header()->set_sha256(Sha256Hex(bytes));
    request.mutable_header()->set_total_bytes(bytes.size());
    writer->Write(request);
    request.set_chunk(bytes);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    return status.ok() ? response.dataset_id() : status.error_message();
  }

  grpc::Status Create(const v1::JobSpec& spec, const std::string& request_id, v1::Job* job) {
    grpc::ClientContext context;
    v1::CreateJobRequest request;
    request.set_request_id(request_id);
    *request.mutable_spec() = spec;
    v1::CreateJobResponse response;
    const grpc::Status status = stub_->CreateJob(&context, request, &response);
    *job = response.job();
    return status;
  }

  // Every event up to the job's end.
  std::vector<v1::WatchJobResponse> Watch(const std::string& id, uint64_t after = 0) {
    grpc::ClientContext context;
    SetDeadline(context, 120);
    v1::WatchJobRequest request;
    request.set_id(id);
    request.set_after_sequence(after);
    const auto reader = stub_->WatchJob(&context, request);
    std::vector<v1::WatchJobResponse> events;
    for (v1::WatchJobResponse event; reader->Read(&event);) events.push_back(event);
    EXPECT_TRUE(reader->Finish().ok());
    return events;
  }

  v1::JobSpec Spec(v1::JobKind kind, const std::string& name) {
    v1::JobSpec spec;
    spec.set_kind(kind);
    spec.set_name(name);
    const bool reward = kind == v1::JOB_KIND_REWARD;
    spec.set_base_model(reward ? "roberta" : "t5");
    spec.set_dataset_id(reward ? Upload(kTexts, v1::DATASET_KIND_LABELLED, "texts.csv")
                               : Upload(kPairs, v1::DATASET_KIND_PAIRS, "pairs.jsonl"));
    spec.set_validation_dataset_id(spec.dataset_id());
    spec.mutable_supervised()->set_max_steps(4);
    spec.mutable_supervised()->set_batch_size(2);
    return spec;
  }

  v1::Job RunToEnd(const v1::JobSpec& spec) {
    v1::Job job;
    const grpc::Status status = Create(spec, "", &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return status.ok() ? Watch(job.id()).back().job() : job;
  }

  // Name and content of each file, and the status.
  std::pair<std::map<std::string, std::string>, grpc::Status> Export(const std::string& id,
                                                                     bool merge) {
    grpc::ClientContext context;
    v1::ExportModelRequest request;
    request.set_id(id);
    request.set_merge_adapter(merge);
    const auto reader = stub_->ExportModel(&context, request);
    std::map<std::string, std::string> files;
    std::map<std::string, v1::ExportedFile> headers;
    std::string name;
    for (v1::ExportModelResponse part; reader->Read(&part);) {
      if (part.has_file()) headers[name = part.file().name()] = part.file();
      EXPECT_LE(part.chunk().size(), size_t{1} << 20);
      files[name] += part.chunk();
    }
    for (const auto& [file, header] : headers) {
      EXPECT_EQ(header.bytes(), files[file].size()) << file;
      EXPECT_EQ(header.sha256(), Sha256Hex(files[file])) << file;
    }
    return {files, reader->Finish()};
  }

  absl::StatusOr<v1::PlanJobResponse> Plan(const v1::JobSpec& spec) {
    grpc::ClientContext context;
    v1::PlanJobRequest request;
    *request.mutable_spec() = spec;
    v1::PlanJobResponse response;
    const grpc::Status status = stub_->PlanJob(&context, request, &response);
    if (status.ok()) return response;
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  TempFolder folder_;
  T5Config t5_;
  DatasetStore datasets_{folder_.path() / "datasets", 1 << 20};
  JobEnvironment environment_;
  std::unique_ptr<FakePolicy> policy_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<JobRunner> runner_;
  std::unique_ptr<ModelExporter> exporter_;
  std::unique_ptr<JobPlanner> planner_;
  std::unique_ptr<TrainerService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::TrainerService::Stub> stub_;
};

TEST_F(TrainerServiceTest, FullJobEndsAsAFolderAndIsPublished) {
  const v1::Job job = RunToEnd(Spec(v1::JOB_KIND_FULL, "mine"));
  ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.message();
  const fs::path result = folder_.path() / job.result_path();
  EXPECT_TRUE(T5Model::Load(result).ok());
  EXPECT_TRUE(LoadTokenizer(result).ok());
  EXPECT_EQ(job.step(), 4u);
  EXPECT_EQ(job.trainable_parameters(), job.total_parameters());
  EXPECT_TRUE(job.last_metrics().has_validation_loss());
  EXPECT_EQ(policy_->version("mine"), job.weight_version());
}

TEST_F(TrainerServiceTest, AdapterOnAnAdapterStandsOnItsMergedParent) {
  const v1::Job first = RunToEnd(Spec(v1::JOB_KIND_LORA, "first"));
  ASSERT_EQ(first.state(), v1::JOB_STATE_SUCCEEDED) << first.message();
  EXPECT_TRUE(fs::exists(folder_.path() / first.result_path() / "adapter_config.json"));
  EXPECT_LT(first.trainable_parameters(), first.total_parameters());
  v1::JobSpec spec = Spec(v1::JOB_KIND_LORA, "second");
  spec.set_base_job(first.id());
  const v1::Job second = RunToEnd(spec);
  ASSERT_EQ(second.state(), v1::JOB_STATE_SUCCEEDED) << second.message();
  EXPECT_THAT(policy_->pushed(), ElementsAre("first", StartsWith("parent-"), "second"));
}

TEST_F(TrainerServiceTest, RewardJobFromScratch) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_REWARD, "judge");
  spec.set_from_scratch(true);
  spec.mutable_supervised()->set_label_smoothing(0.02);
  const v1::Job job = RunToEnd(spec);
  ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.message();
  EXPECT_TRUE(RobertaModel::Load(folder_.path() / job.result_path()).ok());
  EXPECT_TRUE(job.last_metrics().has_validation_accuracy());
}

TEST_F(TrainerServiceTest, CreateIsIdempotentAndWatchResumes) {
  const v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, "mine");
  v1::Job first, second;
  ASSERT_TRUE(Create(spec, "r1", &first).ok());
  ASSERT_TRUE(Create(spec, "r1", &second).ok());
  EXPECT_EQ(first.id(), second.id());
  const auto all = Watch(first.id());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].sequence(), i + 1);
  const auto rest = Watch(first.id(), 3);
  ASSERT_EQ(rest.size(), all.size() - 3);
  EXPECT_EQ(rest.front().sequence(), 4u);
  v1::JobSpec other = spec;
  other.set_seed(1);
  EXPECT_EQ(Create(other, "r1", &second).error_code(), grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(TrainerServiceTest, WrongInputNamesFieldAndCureAndLeavesTheServiceServing) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, "mine");
  v1::Job job;
  spec.set_base_model("gpt");
  grpc::Status status = Create(spec, "", &job);
  EXPECT_THAT(status.error_message(), HasSubstr("roberta, t5"));
  spec.set_base_model("../../etc");
  EXPECT_FALSE(Create(spec, "", &job).ok());
  spec.set_base_model("roberta");
  EXPECT_THAT(Create(spec, "", &job).error_message(), HasSubstr("spec.base_model"));
  EXPECT_THAT(Upload("{\"prompt\":\"a\"}\n", v1::DATASET_KIND_PAIRS, "a.jsonl"),
              HasSubstr("response"));
  grpc::ClientContext context;
  v1::GetJobRequest get;
  get.set_id("nope");
  v1::GetJobResponse got;
  EXPECT_EQ(stub_->GetJob(&context, get, &got).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(RunToEnd(Spec(v1::JOB_KIND_FULL, "mine")).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(TrainerServiceTest, ADamagedModelFailsTheJobAndNamesTheFile) {
  fs::resize_file(folder_.path() / "models/t5/model.safetensors", 100);
  const v1::Job job = RunToEnd(Spec(v1::JOB_KIND_LORA, "mine"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_THAT(job.message(), HasSubstr("model.safetensors"));
}

TEST_F(TrainerServiceTest, AResultThatTheReplicasRefuseIsStillAResult) {
  policy_->EchoWrongly();
  const v1::Job job = RunToEnd(Spec(v1::JOB_KIND_FULL, "mine"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(job.message(), HasSubstr("saved but not published"));
}

TEST_F(TrainerServiceTest, ExportSendsTheResultAsItIsOrMerged) {
  const v1::Job job = RunToEnd(Spec(v1::JOB_KIND_LORA, "mine"));
  ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.message();
  const auto [adapter, status] = Export(job.id(), false);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(adapter.contains("adapter_model.safetensors"));
  EXPECT_FALSE(adapter.contains("model.safetensors"));

  const auto [merged, merged_status] = Export(job.id(), true);
  ASSERT_TRUE(merged_status.ok()) << merged_status.error_message();
  const fs::path out = folder_.path() / "out";
  fs::create_directories(out);
  for (const auto& [name, bytes] : merged) ASSERT_TRUE(WriteFileAtomically(out / name, bytes).ok());
  const auto alone = T5Model::Load(out);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_TRUE(LoadTokenizer(out).ok());
  const auto both = T5Model::Load(folder_.path() / "models/t5").value();
  const auto lora = LoraAdapter::Load(*both, folder_.path() / job.result_path()).value();
  lora->MergeIntoBase();
  for (size_t i = 0; i < both->parameters().items().size(); ++i) {
    EXPECT_TRUE(
        (*alone)->parameters().items()[i].tensor.equal(both->parameters().items()[i].tensor));
  }
  EXPECT_TRUE(fs::is_empty(folder_.path() / "exports"));
}

TEST_F(TrainerServiceTest, ExportNeedsAResult) {
  EXPECT_EQ(Export("nope", false).second.error_code(), grpc::StatusCode::NOT_FOUND);
  v1::JobSpec spec = Spec(v1::JOB_KIND_LORA, "mine");
  fs::resize_file(folder_.path() / "models/t5/model.safetensors", 100);
  const v1::Job failed = RunToEnd(spec);
  const grpc::Status status = Export(failed.id(), false).second;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("JOB_STATE_FAILED"));
}

TEST_F(TrainerServiceTest, APlanSaysWhatTheJobThenReports) {
  for (const v1::JobKind kind : {v1::JOB_KIND_FULL, v1::JOB_KIND_LORA, v1::JOB_KIND_REWARD}) {
    v1::JobSpec spec = Spec(kind, "mine");
    spec.mutable_lora()->add_target_modules("o");
    spec.mutable_lora()->set_bias(v1::LORA_BIAS_ALL);
    spec.mutable_supervised()->set_max_steps(0);
    spec.mutable_supervised()->set_epochs(3);
    const auto plan = Plan(spec);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_TRUE(store_->Unfinished()->empty());
    EXPECT_GT(plan->seconds_per_step(), 0);
    EXPECT_DOUBLE_EQ(plan->seconds(), plan->seconds_per_step() * plan->total_steps());
    EXPECT_GT(plan->memory().activations(), 0u);
    const v1::Job job = RunToEnd(spec);
    ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.message();
    EXPECT_EQ(plan->trainable_parameters(), job.trainable_parameters());
    EXPECT_EQ(plan->total_parameters(), job.total_parameters());
    EXPECT_EQ(plan->total_steps(), job.total_steps());
    EXPECT_EQ(plan->spec().SerializeAsString(), job.spec().SerializeAsString());
  }
}

TEST_F(TrainerServiceTest, APlanRefusesWhatCreateRefusesAndNeverDisturbsAJob) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, "mine");
  spec.mutable_supervised()->set_batch_size(5000);
  const auto refused = Plan(spec);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("supervised.batch_size"));
  spec.mutable_supervised()->set_batch_size(2);
  spec.mutable_supervised()->set_max_steps(100000);
  v1::Job job;
  ASSERT_TRUE(Create(spec, "", &job).ok());
  const auto plan = Plan(spec);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->total_steps(), 100000u);
  EXPECT_EQ(plan->seconds_per_step(), 0);
  EXPECT_TRUE(runner_->Cancel(job.id(), absl::Seconds(20)).ok());
}

// Without epsilon AdamW divides 0 by 0 where a gradient is 0, as those of a fresh adapter are.
TEST_F(TrainerServiceTest, APlanWhoseStepsAreNaNBlamesTheSettings) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_LORA, "mine");
  spec.mutable_optimizer()->set_epsilon(0);
  const auto plan = Plan(spec);
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition) << plan.status();
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("NaN"));
}

TEST_F(TrainerServiceTest, DataSetsAreListedById) {
  Upload(kTexts, v1::DATASET_KIND_LABELLED, "texts.csv");
  Upload(kPairs, v1::DATASET_KIND_PAIRS, "pairs.jsonl");
  grpc::ClientContext context;
  v1::ListDatasetsResponse response;
  ASSERT_TRUE(stub_->ListDatasets(&context, {}, &response).ok());
  ASSERT_EQ(response.datasets_size(), 2);
  EXPECT_EQ(response.datasets(0).filename(), "texts.csv");
  EXPECT_EQ(response.datasets(0).bytes(), sizeof(kTexts) - 1);
  EXPECT_EQ(response.datasets(1).examples(), 3u);
}

}  // namespace
}  // namespace tact
