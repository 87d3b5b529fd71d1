#include "tests/fault/faulty_reward.h"

#include <grpcpp/server_builder.h>

#include <chrono>
#include <cmath>
#include <thread>

namespace tact::testing {

FaultyReward::FaultyReward() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FaultyReward::~FaultyReward() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::Status FaultyReward::Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                                 v1::ScoreResponse* response) {
  if (fault_ == RewardFault::kDown) return {grpc::StatusCode::UNAVAILABLE, "down for a test"};
  while (fault_ == RewardFault::kStalls && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  response->add_labels("neutral");
  response->add_labels("toxic");
  for (const v1::ScoreItem& item : request->items()) AddResult(item, *response);
  return grpc::Status::OK;
}

void FaultyReward::AddResult(const v1::ScoreItem& item, v1::ScoreResponse& response) {
  const RewardFault fault = fault_;
  const bool third = ++asked_ % 3 == 0;
  v1::ScoreResult& result = *response.add_results();
  if (fault == RewardFault::kAllItems || (fault == RewardFault::kSomeItems && third)) {
    result.set_error_code(grpc::StatusCode::INTERNAL);
    result.set_error_message("failed for a test");
    return;
  }
  const bool nan = fault == RewardFault::kNan || (fault == RewardFault::kSomeNan && third);
  result.add_logits(nan ? std::nanf("") : 0.01f * static_cast<float>(item.text().size()));
  result.add_logits(0);
  scored_ += !nan;
}

}  // namespace tact::testing
