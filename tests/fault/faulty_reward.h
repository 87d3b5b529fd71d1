// A reward service in the test's process that fails as the test wants. A text's reward is its
// length; it remembers what it has scored.
#ifndef TACT_TESTS_FAULT_FAULTY_REWARD_H_
#define TACT_TESTS_FAULT_FAULTY_REWARD_H_

#include <grpcpp/server.h>

#include <atomic>
#include <memory>
#include <string>

#include "tact/v1/reward.grpc.pb.h"

namespace tact::testing {

enum class RewardFault {
  kNone,
  kDown,       // UNAVAILABLE
  kStalls,     // no answer until the client goes
  kSomeItems,  // every third item is an error
  kAllItems,   // each item is an error
  kNan,        // each logit is NaN
  kSomeNan,    // every third
};

class FaultyReward : public v1::RewardService::Service {
 public:
  FaultyReward();
  ~FaultyReward() override;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Set(RewardFault fault) { fault_ = fault; }
  int scored() const { return scored_; }  // items with a finite score
  int asked() const { return asked_; }    // items

  grpc::Status Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override;

 private:
  void AddResult(const v1::ScoreItem& item, v1::ScoreResponse& response);

  std::atomic<RewardFault> fault_ = RewardFault::kNone;
  std::atomic<int> scored_ = 0, asked_ = 0;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tact::testing

#endif  // TACT_TESTS_FAULT_FAULTY_REWARD_H_
