// The replicas of the reward service as one scorer: a call goes to one replica, and to the next one
// where it fails; items that failed are tried again.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_
#define TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

class RewardClients {
 public:
  explicit RewardClients(const std::vector<std::string>& addresses);

  // The raw logit of `label` for each item; nothing where an item failed on three attempts or its
  // logit is not finite. A status only where no replica answers at all (UNAVAILABLE and the like),
  // or where the classifier has no such label (INVALID_ARGUMENT lists those it has).
  absl::StatusOr<std::vector<std::optional<double>>> Score(const std::vector<v1::ScoreItem>& items,
                                                           const std::string& label);

 private:
  struct Replica {
    std::string address;
    std::unique_ptr<v1::RewardService::Stub> stub;
  };
  absl::StatusOr<v1::ScoreResponse> Call(const v1::ScoreRequest& request);
  absl::Status ScoreMissing(const std::vector<v1::ScoreItem>& items, const std::string& label,
                            std::vector<std::optional<double>>& scores);

  std::vector<Replica> replicas_;
  size_t next_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_REWARD_CLIENTS_H_
