// Calls of every kind, started at once and followed to their end without a thread each.
#ifndef TACT_TESTS_LOAD_CALLERS_H_
#define TACT_TESTS_LOAD_CALLERS_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tests/load/outcomes.h"

namespace tact::load {

class Callers {
 public:
  Callers(const std::shared_ptr<grpc::Channel>& policy,
          const std::shared_ptr<grpc::Channel>& reward, uint64_t seed);
  ~Callers();  // waits for all
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  // A call of a random kind, most of them Generate; what becomes of it goes to `outcomes`, which
  // must live until all have ended. Not thread-safe.
  void Start(Outcomes& outcomes);
  // Gives up the calls whose time has come.
  void CancelDue();
  // Waits until fewer than `count` run.
  void WaitForFewer(size_t count);
  size_t running() const;

 private:
  class Presence;
  struct Call;
  template <typename Request, typename Response>
  struct UnaryCall;
  class StreamCall;

  Kind RandomKind();
  std::string RandomText();
  v1::GenerateRequest RandomPrompts();
  v1::ScoreRequest RandomTexts();
  v1::ScoreLogprobsRequest RandomResponses();
  void StartGenerate(Kind kind, Outcomes& outcomes);
  void StartScore(Outcomes& outcomes);
  void StartLogprobs(Outcomes& outcomes);
  void StartGetModel(Outcomes& outcomes);
  void Begin();
  void End();

  std::unique_ptr<v1::PolicyService::Stub> policy_;
  std::unique_ptr<v1::RewardService::Stub> reward_;
  CounterRng rng_;
  const Stopwatch clock_;
  std::deque<std::pair<double, std::weak_ptr<Call>>> to_cancel_;  // by time
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  size_t running_ = 0;
};

}  // namespace tact::load

#endif  // TACT_TESTS_LOAD_CALLERS_H_
