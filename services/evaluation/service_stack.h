// The evaluation service as a process would run it, on loopback, for tests of this folder.
#ifndef TACT_SERVICES_EVALUATION_SERVICE_STACK_H_
#define TACT_SERVICES_EVALUATION_SERVICE_STACK_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/evaluation/evaluation_service.h"
#include "services/evaluation/fake_services.h"
#include "services/evaluation/testing.h"

namespace tact {

// A port where nothing listens.
inline int FreePort() {
  FakePolicy policy;
  return FakeServer(policy).port();
}

// The evaluation service on loopback, against the given addresses.
class Stack {
 public:
  Stack(const std::filesystem::path& folder, const ModelAddresses& addresses,
        double wait_seconds = 0.3)
      : store_(std::move(*EvaluationStore::Open(folder, 100))), channels_(addresses, 32 << 20) {
    RunnerOptions options;
    options.batch = 2;
    options.calls = {wait_seconds, 60};
    runner_ = std::make_unique<EvaluationRunner>(options, channels_, *store_);
    service_ = std::make_unique<EvaluationService>(*store_, *runner_, channels_);
    auto server = Server::Start({}, {service_.get()}, {"tact.v1.EvaluationService"});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    server_->SetReady(true);
    stub_ =
        v1::EvaluationService::NewStub(MakeChannel("127.0.0.1:" + std::to_string(server_->port())));
  }
  ~Stack() {
    service_->Stop();
    runner_->Stop();
  }

  v1::EvaluationService::Stub& stub() { return *stub_; }
  EvaluationStore& store() { return *store_; }

  grpc::Status Run(const v1::EvaluationSpec& spec, const std::string& request_id,
                   v1::Evaluation* evaluation) {
    v1::RunEvaluationRequest request;
    request.set_request_id(request_id);
    *request.mutable_spec() = spec;
    v1::RunEvaluationResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->RunEvaluation(&context, request, &response);
    *evaluation = response.evaluation();
    return status;
  }

  // Watches until the end; the last state, with its results.
  v1::Evaluation WaitForEnd(const std::string& id) {
    v1::WatchEvaluationRequest watch;
    watch.set_id(id);
    grpc::ClientContext context;
    SetDeadline(context, 60);
    auto reader = stub_->WatchEvaluation(&context, watch);
    v1::WatchEvaluationResponse update;
    while (reader->Read(&update)) {
    }
    EXPECT_TRUE(reader->Finish().ok());
    v1::GetEvaluationRequest request;
    request.set_id(id);
    request.set_include_examples(true);
    v1::GetEvaluationResponse response;
    grpc::ClientContext get_context;
    EXPECT_TRUE(stub_->GetEvaluation(&get_context, request, &response).ok());
    return response.evaluation();
  }

  v1::Evaluation RunToEnd(const v1::EvaluationSpec& spec) {
    v1::Evaluation evaluation;
    const grpc::Status status = Run(spec, "", &evaluation);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return WaitForEnd(evaluation.id());
  }

 private:
  std::unique_ptr<EvaluationStore> store_;
  ModelChannels channels_;
  std::unique_ptr<EvaluationRunner> runner_;
  std::unique_ptr<EvaluationService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::EvaluationService::Stub> stub_;
};

// Each has two references; the second is what "base" answers.
inline v1::EvaluationSpec ThreeExamples() {
  v1::EvaluationSpec spec;
  spec.set_prompt_template("none");
  for (const char* text : {"a rude joke", "two", "three words here"}) {
    v1::DialogueExample& example = *spec.add_examples();
    example.set_id(std::string("id of ") + text);
    example.set_dialogue(text);
    example.add_references("something else");
    example.add_references(std::string("base says: ") + text);
  }
  return spec;
}

// Fakes of policy and reward for a Stack.
class ServiceFixture : public testing::Test {
 protected:
  ServiceFixture()
      : policy_server_(policy_),
        reward_server_(reward_),
        addresses_{policy_server_.address(), reward_server_.address()} {}

  TestFolder folder_;
  FakePolicy policy_;
  FakeReward reward_;
  FakeServer policy_server_;
  FakeServer reward_server_;
  ModelAddresses addresses_;
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SERVICE_STACK_H_
