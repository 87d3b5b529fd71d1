// tact-fuzz-reward SECONDS [SEED]: mutated requests for every method of a reward service.
#include <utility>

#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/reward/reward_engine.h"
#include "services/reward/reward_service.h"
#include "tests/fuzz/request_fuzzer.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

struct Reward {
  std::unique_ptr<RewardEngine> engine;
  std::unique_ptr<RewardService> service;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::RewardService::Stub> stub;
  std::string address, scores;
};

v1::ScoreRequest Request() {
  v1::ScoreRequest request;
  request.add_items()->set_text("you are kind");
  v1::ScoreItem& pair = *request.add_items();
  pair.set_prompt("what is it");
  pair.set_text("hello");
  return request;
}

std::string ScoresOf(Reward& reward) {
  v1::ScoreResponse response;
  grpc::ClientContext context;
  SetDeadline(context, 30);
  const grpc::Status status = reward.stub->Score(&context, Request(), &response);
  if (!status.ok()) FailFuzzing("a valid Score answers " + status.error_message());
  return response.SerializeAsString();
}

std::shared_ptr<Reward> StartReward(const fs::path& folder) {
  auto reward = std::make_shared<Reward>();
  for (const char* file : {"config.json", "merges.txt", "vocab.json", "model.safetensors"}) {
    WriteInput(folder / file, SourceFile(StrCat("services/reward/testdata/tiny/", file)));
  }
  RewardOptions options;
  options.model = folder;
  options.threads = 1;
  reward->engine = RewardEngine::Start(options).value();
  reward->service = std::make_unique<RewardService>(
      reward->engine->config(), reward->engine->tokenizer(), reward->engine->batcher(), "tiny");
  reward->server = Server::Start({}, {reward->service.get()}, {"tact.v1.RewardService"}).value();
  reward->server->SetReady(true);
  reward->address = StrCat("127.0.0.1:", reward->server->port());
  reward->stub = v1::RewardService::NewStub(MakeChannel(reward->address));
  reward->scores = ScoresOf(*reward);
  return reward;
}

RequestTarget Start(const FolderWatch& folders) {
  const auto reward = StartReward(folders.service());
  v1::ScoreRequest cut = Request();
  cut.set_truncate(true);
  cut.mutable_items(0)->set_text(std::string(300, 'x'));
  return {"tact.v1.RewardService",
          reward->address,
          {MakeSeed("Score", Request()), MakeSeed("Score", cut),
           MakeSeed("GetRewardModel", v1::GetRewardModelRequest())},
          {},
          [reward] {
            if (ScoresOf(*reward) != reward->scores) FailFuzzing("texts score as they did not");
          }};
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) { return tact::fuzz::FuzzRequests(argc, argv, tact::fuzz::Start); }
