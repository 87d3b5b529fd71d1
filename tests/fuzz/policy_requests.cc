// tact-fuzz-policy SECONDS [SEED]: mutated requests for every method of a policy service.
#include <utility>

#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/model/lora_config.h"
#include "common/model/safetensors.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/policy/policy_service.h"
#include "services/policy/testing/tiny_model.h"
#include "tests/fuzz/request_fuzzer.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

struct Policy {
  T5Config config;
  std::unique_ptr<PolicyServiceImpl> service;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::PolicyService::Stub> stub;
  std::string address, text;  // what base answers
};

v1::GenerateRequest Generate() {
  v1::GenerateRequest request;
  request.add_prompts("Ann: Hello, Ben.");
  request.add_prompts("Ben: Good bye.");
  v1::SamplingParams& sampling = *request.mutable_sampling();
  sampling.set_max_new_tokens(6);
  sampling.set_do_sample(true);
  sampling.set_num_samples(2);
  sampling.set_seed(3);
  sampling.set_temperature(0.9f);
  sampling.set_top_k(20);
  sampling.add_stop_strings("Ann");
  sampling.add_bad_words()->add_ids(5);
  return request;
}

v1::GenerateRequest Beams() {
  v1::GenerateRequest request;
  request.add_prompts("Ann: Hello, Ben.");
  request.mutable_sampling()->set_max_new_tokens(6);
  request.mutable_sampling()->set_num_beams(3);
  request.mutable_sampling()->set_length_penalty(0.5f);
  request.mutable_sampling()->set_early_stopping(v1::EARLY_STOPPING_FIRST);
  return request;
}

v1::StreamRolloutsRequest Rollouts() {
  v1::StreamRolloutsRequest request;
  for (uint64_t id = 1; id <= 2; ++id) {
    v1::RolloutPrompt& prompt = *request.add_prompts();
    prompt.set_id(id);
    for (const int32_t token : {5, 6, 7, 1}) prompt.add_token_ids(token);
  }
  request.mutable_sampling()->set_max_new_tokens(5);
  return request;
}

v1::ScoreLogprobsRequest Logprobs() {
  v1::ScoreLogprobsRequest request;
  v1::LogprobItem& item = *request.add_items();
  for (const int32_t token : {5, 6, 1}) item.add_prompt_ids(token);
  for (const int32_t token : {9, 1}) item.add_response_ids(token);
  return request;
}

// Header and two chunks, in a message each.
Seed Push(const std::string& model, const std::string& payload, bool lora) {
  v1::PushWeightsRequest header, first, second;
  header.mutable_header()->set_model(model);
  header.mutable_header()->set_weight_version(1);
  header.mutable_header()->set_sha256(Sha256Hex(payload));
  header.mutable_header()->set_total_bytes(payload.size());
  if (lora) {
    header.mutable_header()->mutable_lora()->set_rank(2);
    header.mutable_header()->mutable_lora()->set_alpha(4);
  }
  first.set_chunk(payload.substr(0, payload.size() / 2));
  second.set_chunk(payload.substr(payload.size() / 2));
  return MakeSeed("PushWeights", header, first, second);
}

v1::LoadAdapterRequest LoadAdapter() {
  v1::LoadAdapterRequest request;
  request.set_adapter("polite");
  request.set_path("polite");
  return request;
}

void WriteAdapter(const fs::path& folder, const T5Config& config) {
  fs::create_directories(folder);
  LoraConfig lora;
  lora.r = 2;
  lora.target_modules = {"q", "v"};
  WriteInput(folder / "adapter_config.json", lora.ToJson());
  const auto weights = testing::RandomLora(config, {"q", "v"}, 2, 9);
  WriteInput(folder / "adapter_model.safetensors", testing::Serialize(weights));
}

template <typename Request>
Request OfAdapter(const std::string& name) {
  Request request;
  request.set_adapter(name);
  return request;
}

std::vector<Seed> Seeds(const T5Config& config) {
  v1::StreamGenerateRequest stream;
  *stream.mutable_generate() = Generate();
  v1::GetModelRequest model;
  model.set_model("base");
  const auto lora = testing::Serialize(testing::RandomLora(config, {"q", "v"}, 2, 5));
  const auto full = testing::Serialize(testing::RandomWeights(config, 7));
  return {MakeSeed("Generate", Generate()),
          MakeSeed("Generate", Beams()),
          MakeSeed("StreamGenerate", stream),
          MakeSeed("StreamRollouts", Rollouts()),
          MakeSeed("ScoreLogprobs", Logprobs()),
          Push("pushed", full, false),
          Push("adapter", lora, true),
          MakeSeed("LoadAdapter", LoadAdapter()),
          MakeSeed("UnloadAdapter", OfAdapter<v1::UnloadAdapterRequest>("polite")),
          MakeSeed("ListAdapters", v1::ListAdaptersRequest()),
          MakeSeed("GetModel", model)};
}

std::string TextOf(Policy& policy) {
  v1::GenerateResponse response;
  grpc::ClientContext context;
  SetDeadline(context, 30);
  const grpc::Status status = policy.stub->Generate(&context, Generate(), &response);
  if (!status.ok()) FailFuzzing("a valid Generate answers " + status.error_message());
  std::string text;
  for (const v1::Completion& one : response.completions()) StrAppend(&text, one.text(), "|");
  return text;
}

// Base answers as at first, and is the one that is always there.
void Check(Policy& policy) {
  const std::string text = TextOf(policy);
  if (text != policy.text) FailFuzzing("base answers " + text + ", not " + policy.text);
  v1::GetModelResponse response;
  grpc::ClientContext context;
  if (!policy.stub->GetModel(&context, {}, &response).ok()) FailFuzzing("GetModel fails");
  std::set<std::string> names;
  for (const v1::ServedModel& model : response.models()) names.insert(model.name());
  if (!names.contains("base") || names.size() != static_cast<size_t>(response.models_size())) {
    FailFuzzing("the models served are not each there once, base among them");
  }
}

PolicyServiceOptions Options(const fs::path& adapters) {
  PolicyServiceOptions options;
  options.engine.sequence = {.max_prompt_tokens = 100, .max_new_tokens = 24};
  options.engine.batch.max_batch_tokens = 1000;
  options.engine.max_waiting = 40;
  options.engine.threads = 1;
  options.max_models = 4;
  options.max_push_bytes = 4 << 20;
  options.adapter_dir = adapters;
  return options;
}

std::shared_ptr<Policy> StartPolicy(const fs::path& folder) {
  auto policy = std::make_shared<Policy>();
  const fs::path model = folder / "model";
  fs::create_directories(model);
  WriteInput(model / "spiece.model", SourceFile("common/text/testdata/t5/spiece.model"));
  policy->config = testing::TinyConfig(LoadTokenizer(model).value()->vocab_size());
  testing::WriteModelFolder(model, policy->config, testing::RandomWeights(policy->config, 31));
  WriteAdapter(folder / "polite", policy->config);
  const PolicyServiceOptions options = Options(folder);
  policy->service = std::make_unique<PolicyServiceImpl>(
      LoadPolicyModel(model, options.engine.sequence).value(), options);
  policy->server = Server::Start({}, {policy->service.get()}, {PolicyServiceImpl::kName}).value();
  policy->server->SetReady(true);
  policy->address = StrCat("127.0.0.1:", policy->server->port());
  policy->stub = v1::PolicyService::NewStub(MakeChannel(policy->address));
  policy->text = TextOf(*policy);
  return policy;
}

RequestTarget Start(const FolderWatch& folders) {
  const auto policy = StartPolicy(folders.service());
  return {PolicyServiceImpl::kName, policy->address, Seeds(policy->config), {}, [policy] {
            Check(*policy);
          }};
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) { return tact::fuzz::FuzzRequests(argc, argv, tact::fuzz::Start); }
