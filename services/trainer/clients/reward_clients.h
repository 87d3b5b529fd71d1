// The replicas of the reward service as one scorer: a call goes to one replica, and to another one
// where it fails or is slow; items that failed are tried again, elsewhere if there is an elsewhere.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_
#define TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/rpc/credentials.h"
#include "services/trainer/clients/call_events.h"
#include "services/trainer/clients/circuit.h"
#include "services/trainer/clients/score_plan.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

struct RewardSettings {
  ScoreBudget budget;
  CircuitSettings circuit;
  uint64_t seed = 0;  // of the pauses' jitter
  // Seconds since some moment, and a wait: for tests to replace. Null is the machine's clock.
  std::function<double()> now;
  std::function<void(double seconds)> sleep;
};

struct ScoreOutcome {
  std::vector<std::optional<double>> scores;  // one for each item
  uint32_t retried = 0;                       // items that were asked for again, each time counted
};

// Score is for one thread at a time.
class RewardClients {
 public:
  explicit RewardClients(const std::vector<std::string>& addresses, RewardSettings settings = {},
                         const ClientCredentials& credentials = nullptr);

  // The raw logit of `label` for each item; nothing where an item has used up its budget, where its
  // logit is not finite, or where a replica calls the item itself wrong. A status only where every
  // replica has failed in a row (UNAVAILABLE and the like), where the classifier has no such label
  // (INVALID_ARGUMENT lists those it has), or where `check`, asked all the time, fails.
  absl::StatusOr<ScoreOutcome> Score(const std::vector<v1::ScoreItem>& items,
                                     const std::string& label, const StopCheck& check = {});

 private:
  struct Replica {
    std::string address;
    std::unique_ptr<v1::RewardService::Stub> stub;
  };
  absl::StatusOr<v1::ScoreResponse> Call(const Replica& replica, const v1::ScoreRequest& request,
                                         const StopCheck& check) const;
  // One replica for the chosen items. An error ends the batch.
  absl::Status AskOne(const std::vector<v1::ScoreItem>& items, const std::vector<size_t>& chosen,
                      const std::string& label, const StopCheck& check, ScorePlan& plan);
  absl::Status Sleep(double seconds, const StopCheck& check) const;

  const RewardSettings settings_;
  std::vector<Replica> replicas_;
  Circuits circuits_;
  CounterRng jitter_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_
