#include "services/trainer/clients/reward_clients.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/trainer/clients/service_status.h"

namespace tact {
namespace {

constexpr double kRewardSeconds = 120;
constexpr int kAttempts = 3;
constexpr size_t kItemsPerCall = 256;

absl::StatusOr<int> LabelIndex(const v1::ScoreResponse& response, const std::string& label) {
  const auto found = std::find(response.labels().begin(), response.labels().end(), label);
  if (found != response.labels().end()) {
    return static_cast<int>(found - response.labels().begin());
  }
  return FieldError("spec.ppo.reward_label", label, "the classifier has no such label",
                    StrCat("choose one of: ", absl::StrJoin(response.labels(), ", ")));
}

std::optional<double> LogitOf(const v1::ScoreResult& result, int label) {
  if (result.error_code() != 0 || label >= result.logits_size()) return std::nullopt;
  const double logit = result.logits(label);
  return std::isfinite(logit) ? std::optional<double>(logit) : std::nullopt;
}

}  // namespace

RewardClients::RewardClients(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    replicas_.push_back({address, v1::RewardService::NewStub(MakeChannel(address))});
  }
}

absl::StatusOr<v1::ScoreResponse> RewardClients::Call(const v1::ScoreRequest& request) {
  absl::Status last = absl::UnavailableError("no reward replica is known");
  for (size_t attempt = 0; attempt < replicas_.size(); ++attempt) {
    const Replica& replica = replicas_[next_++ % replicas_.size()];
    grpc::ClientContext context;
    SetDeadline(context, kRewardSeconds);
    v1::ScoreResponse response;
    last = ServiceStatus(replica.stub->Score(&context, request, &response),
                         StrCat("tact-reward at ", replica.address), context);
    if (!last.ok()) continue;
    if (response.results_size() == request.items_size()) return response;
    last = absl::InternalError(StrCat("tact-reward at ", replica.address, " answered ",
                                      response.results_size(), " results for ",
                                      request.items_size(), " items"));
  }
  return last;
}

absl::Status RewardClients::ScoreMissing(const std::vector<v1::ScoreItem>& items,
                                         const std::string& label,
                                         std::vector<std::optional<double>>& scores) {
  std::vector<size_t> missing;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!scores[i]) missing.push_back(i);
  }
  for (size_t begin = 0; begin < missing.size(); begin += kItemsPerCall) {
    const size_t end = std::min(begin + kItemsPerCall, missing.size());
    v1::ScoreRequest request;
    request.set_truncate(true);
    for (size_t k = begin; k < end; ++k) *request.add_items() = items[missing[k]];
    ASSIGN_OR_RETURN(const v1::ScoreResponse response, Call(request));
    ASSIGN_OR_RETURN(const int index, LabelIndex(response, label));
    for (size_t k = begin; k < end; ++k) {
      scores[missing[k]] = LogitOf(response.results(static_cast<int>(k - begin)), index);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::optional<double>>> RewardClients::Score(
    const std::vector<v1::ScoreItem>& items, const std::string& label) {
  std::vector<std::optional<double>> scores(items.size());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool complete = std::all_of(scores.begin(), scores.end(),
                                      [](const auto& score) { return score.has_value(); });
    if (complete) break;
    RETURN_IF_ERROR(ScoreMissing(items, label, scores));
  }
  return scores;
}

}  // namespace tact
