// RewardService over gRPC: texts to token ids in the caller's thread, one batcher for all callers,
// logits to results. A text that cannot be scored fails alone.
#ifndef TACT_SERVICES_REWARD_REWARD_SERVICE_H_
#define TACT_SERVICES_REWARD_REWARD_SERVICE_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "common/text/tokenizer.h"
#include "services/reward/batcher.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {

// Fills logits, probabilities and label; an error code and message where a logit is not finite.
void FillScore(std::span<const float> logits, const std::vector<std::string>& labels,
               v1::ScoreResult& result);

class RewardService final : public v1::RewardService::Service {
 public:
  // All arguments must outlive the service. `path` is what GetRewardModel tells.
  RewardService(const RobertaConfig& config, const Tokenizer& tokenizer, Batcher& batcher,
                std::string path);

  grpc::Status Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override;
  grpc::Status GetRewardModel(grpc::ServerContext* context,
                              const v1::GetRewardModelRequest* request,
                              v1::GetRewardModelResponse* response) override;

 private:
  absl::StatusOr<Encoded> Encode(const v1::ScoreItem& item, bool truncate, int index) const;
  absl::Status ScoreItems(const v1::ScoreRequest& request, const CallerPatience& patience,
                          v1::ScoreResponse& response);

  const RobertaConfig& config_;
  const Tokenizer& tokenizer_;
  Batcher& batcher_;
  const std::string path_;
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_REWARD_SERVICE_H_
