// Policy and reward services for tests, in this process on a port of their own: the policy computes
// logprobs with the weights that were pushed, draws responses from the seed alone, and can be made
// to forget or to fail; the reward counts tokens, and can be made to fail.
#ifndef TACT_SERVICES_TRAINER_TESTING_FAKE_SERVICES_H_
#define TACT_SERVICES_TRAINER_TESTING_FAKE_SERVICES_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/model/t5_model.h"
#include "services/trainer/clients/weight_payload.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

class FakePolicy : public v1::PolicyService::Service {
 public:
  // Serves "base" with the weights of T5Model::Create(config, base_seed).
  FakePolicy(const T5Config& config, uint64_t base_seed);
  ~FakePolicy() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // As after a restart: only "base" is left.
  void Forget();
  // The next so many calls of StreamRollouts answer UNAVAILABLE after half of their rollouts.
  void FailRollouts(int calls) { failing_rollouts_ = calls; }
  // Echoes a wrong SHA-256 from now on.
  void EchoWrongly() { wrong_echo_ = true; }
  // Every call answers UNAVAILABLE, until it is up again.
  void SetDown(bool down) { down_ = down; }
  // Every push takes so long.
  void SlowPushes(double seconds) { push_seconds_ = seconds; }
  // The next so many calls of StreamRollouts send nothing until their client goes.
  void StallRollouts(int calls) { stalling_rollouts_ = calls; }
  // The next so many calls of StreamRollouts end well without their last rollout.
  void OmitRollouts(int calls) { omitting_rollouts_ = calls; }
  // ScoreLogprobs computes with the base's weights, as if a push had gone wrong.
  void ReplayWithBase() { replays_base_ = true; }

  int rollouts() const { return rollouts_; }  // sent so far
  std::vector<std::string> pushed() const;    // names in the order of their first push
  uint64_t version(const std::string& model) const;

  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest*,
                        v1::GetModelResponse* response) override;
  grpc::Status PushWeights(grpc::ServerContext*, grpc::ServerReader<v1::PushWeightsRequest>* reader,
                           v1::PushWeightsResponse* response) override;
  grpc::Status StreamRollouts(grpc::ServerContext*, const v1::StreamRolloutsRequest* request,
                              grpc::ServerWriter<v1::StreamRolloutsResponse>* writer) override;
  grpc::Status ScoreLogprobs(grpc::ServerContext*, const v1::ScoreLogprobsRequest* request,
                             v1::ScoreLogprobsResponse* response) override;

 private:
  grpc::Status Accept(const v1::PushHeader& header, const std::string& bytes);
  std::unique_ptr<T5Model> BuildModel(const std::string& name);
  grpc::Status CheckRequest(const v1::StreamRolloutsRequest& request) const;
  v1::StreamRolloutsResponse MakeRollout(const v1::StreamRolloutsRequest& request,
                                         const v1::RolloutPrompt& prompt) const;

  const T5Config config_;
  const uint64_t base_seed_;
  mutable std::mutex mutex_;
  std::map<std::string, WeightPayload> served_;
  std::vector<std::string> pushed_;
  std::atomic<int> failing_rollouts_ = 0, stalling_rollouts_ = 0, omitting_rollouts_ = 0;
  std::atomic<int> rollouts_ = 0;
  std::atomic<double> push_seconds_ = 0;
  std::atomic<bool> wrong_echo_ = false, down_ = false, replays_base_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class FakeReward : public v1::RewardService::Service {
 public:
  FakeReward();
  ~FakeReward() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void FailCalls(int calls) { failing_calls_ = calls; }    // UNAVAILABLE
  void StallCalls(int calls) { stalling_calls_ = calls; }  // no answer until the client goes
  void ScoreNan(bool nan) { nan_ = nan; }
  void FailItem(std::string text) { failing_text_ = std::move(text); }  // always, for this text

  grpc::Status Score(grpc::ServerContext*, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override;

  std::atomic<int> scored = 0, calls = 0;

 private:
  std::atomic<int> failing_calls_ = 0, stalling_calls_ = 0;
  std::atomic<bool> nan_ = false;
  std::string failing_text_ = "none";
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TESTING_FAKE_SERVICES_H_
