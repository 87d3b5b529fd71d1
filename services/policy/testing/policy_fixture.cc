#include "services/policy/testing/policy_fixture.h"

#include <unistd.h>

#include <cstdlib>

#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"

namespace tact::testing {
namespace {

std::filesystem::path TokenizerFile() {
  const char* source = std::getenv("TACT_SOURCE_DIR");
  const std::filesystem::path root = source == nullptr ? "../.." : source;
  return root / "common/text/testdata/t5/spiece.model";
}

}  // namespace

void PolicyFixture::SetUp() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::path(::testing::TempDir()) /
            StrCat("policy-", ::getpid(), "-", info->name());
  std::filesystem::create_directories(folder_);
  std::filesystem::copy_file(TokenizerFile(), folder_ / "spiece.model",
                             std::filesystem::copy_options::overwrite_existing);
  const auto tokenizer = LoadTokenizer(folder_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  config_ = TinyConfig((*tokenizer)->vocab_size());
  WriteModelFolder(folder_, config_, RandomWeights(config_, 31));
  const PolicyServiceOptions options = Options();
  absl::StatusOr<PolicyModel> model = LoadPolicyModel(folder_, options.engine.sequence);
  ASSERT_TRUE(model.ok()) << model.status();
  service_ = std::make_unique<PolicyServiceImpl>(*std::move(model), options);
  auto server = Server::Start({}, {service_.get()}, {PolicyServiceImpl::kName});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->SetReady(true);
  stub_ = v1::PolicyService::NewStub(MakeChannel(StrCat("127.0.0.1:", server_->port())));
}

void PolicyFixture::TearDown() {
  if (server_ != nullptr) server_->Shutdown();
  server_.reset();
  service_.reset();
  std::filesystem::remove_all(folder_);
}

PolicyServiceOptions PolicyFixture::Options() const {
  PolicyServiceOptions options;
  options.engine.sequence = {.max_prompt_tokens = 200, .max_new_tokens = 48};
  options.engine.batch.max_batch_tokens = 1000;
  options.engine.max_waiting = 40;
  options.max_models = 3;
  options.max_push_bytes = 4 << 20;
  return options;
}

std::string PolicyFixture::FullPayload(uint64_t seed) const {
  return Serialize(RandomWeights(config_, seed));
}

v1::PushHeader PolicyFixture::HeaderFor(const std::string& model, uint64_t version,
                                        const std::string& payload) const {
  v1::PushHeader header;
  header.set_model(model);
  header.set_weight_version(version);
  header.set_sha256(Sha256Hex(payload));
  header.set_total_bytes(payload.size());
  return header;
}

grpc::Status PolicyFixture::Push(const v1::PushHeader& header, const std::string& payload,
                                 v1::PushWeightsResponse* response, size_t chunk) {
  grpc::ClientContext context;
  const auto writer = stub_->PushWeights(&context, response);
  v1::PushWeightsRequest message;
  *message.mutable_header() = header;
  bool open = writer->Write(message);
  for (size_t at = 0; open && at < payload.size(); at += chunk) {
    message.set_chunk(payload.substr(at, chunk));
    open = writer->Write(message);
  }
  writer->WritesDone();
  return writer->Finish();
}

grpc::Status PolicyFixture::Generate(const v1::GenerateRequest& request,
                                     v1::GenerateResponse* response) {
  grpc::ClientContext context;
  return stub_->Generate(&context, request, response);
}

grpc::Status PolicyFixture::Rollouts(const v1::StreamRolloutsRequest& request,
                                     std::vector<v1::Rollout>* rollouts) {
  grpc::ClientContext context;
  const auto reader = stub_->StreamRollouts(&context, request);
  v1::StreamRolloutsResponse message;
  while (reader->Read(&message)) rollouts->push_back(message.rollout());
  return reader->Finish();
}

}  // namespace tact::testing
