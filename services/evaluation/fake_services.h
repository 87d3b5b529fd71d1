// Policy and reward services for tests of this folder: real gRPC servers with answers of a line.
#ifndef TACT_SERVICES_EVALUATION_FAKE_SERVICES_H_
#define TACT_SERVICES_EVALUATION_FAKE_SERVICES_H_

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/status_map.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

// Answers each prompt with "<model> says: <prompt>"; refuses one that says "too long".
class FakePolicy final : public v1::PolicyService::Service {
 public:
  grpc::Status Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                        v1::GenerateResponse* response) override {
    while (blocked && !context->IsCancelled()) std::this_thread::yield();
    for (int i = 0; i < request->prompts_size(); ++i) {
      if (request->prompts(i).find("too long") != std::string::npos) return TooLong(i, *context);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(*request);
    response->set_weight_version(grow_version ? requests_.size() : 3);
    // Completions may come in any order: the last first.
    for (int i = request->prompts_size() - 1; i >= 0; --i) {
      v1::Completion& completion = *response->add_completions();
      completion.set_prompt_index(static_cast<uint32_t>(i));
      completion.set_text(request->model() + " says: " + request->prompts(i));
      completion.set_response_tokens(static_cast<uint32_t>(10 + request->prompts(i).size()));
    }
    return grpc::Status::OK;
  }
  // Serves whatever name is asked for, but for "gone".
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override {
    if (request->model() == "gone") {
      return ToGrpcStatus(absl::NotFoundError("no such model is served; use one of: base"),
                          context);
    }
    v1::ServedModel& model = *response->add_models();
    model.set_name(request->model());
    model.set_weight_version(grow_version ? 1 : 3);
    model.set_sha256("5ha");
    model.set_parent("base");
    return grpc::Status::OK;
  }
  std::vector<v1::GenerateRequest> requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

  std::atomic<bool> blocked = false;
  std::atomic<bool> grow_version = false;

 private:
  static grpc::Status TooLong(int index, grpc::ServerContext& context) {
    return ToGrpcStatus(FieldError("prompts[" + std::to_string(index) + "]", "900 tokens",
                                   "above the limit of 512", "shorten it"),
                        &context);
  }

  std::mutex mutex_;
  std::vector<v1::GenerateRequest> requests_;
};

// Labels neutral and toxic; a text with "rude" is toxic (0.9), others are not (0.1); the logit of
// neutral is the number of letters. A text with "broken" fails.
class FakeReward final : public v1::RewardService::Service {
 public:
  grpc::Status Score(grpc::ServerContext*, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override {
    for (const v1::ScoreItem& item : request->items()) {
      v1::ScoreResult& result = *response->add_results();
      if (item.text().find("broken") != std::string::npos) {
        result.set_error_code(grpc::StatusCode::INTERNAL);
        result.set_error_message("the logit is nan");
        continue;
      }
      const float toxic = item.text().find("rude") != std::string::npos ? 0.9f : 0.1f;
      result.add_logits(static_cast<float>(item.text().size()));
      result.add_logits(0);
      result.add_probabilities(1 - toxic);
      result.add_probabilities(toxic);
    }
    return grpc::Status::OK;
  }
  grpc::Status GetRewardModel(grpc::ServerContext*, const v1::GetRewardModelRequest*,
                              v1::GetRewardModelResponse* response) override {
    response->add_labels("neutral");
    response->add_labels("toxic");
    return grpc::Status::OK;
  }
};

// Serves one service while it lives. Port 0 lets the kernel choose.
class FakeServer {
 public:
  explicit FakeServer(grpc::Service& service, int port = 0) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    EXPECT_NE(port_, 0);
    // gRPC's own health service is on as soon as one server of this process has asked for it.
    if (auto* health = server_->GetHealthCheckService(); health != nullptr) {
      health->SetServingStatus("tact.v1.PolicyService", true);
      health->SetServingStatus("tact.v1.RewardService", true);
    }
  }
  ~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }
  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_FAKE_SERVICES_H_
