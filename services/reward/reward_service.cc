#include "services/reward/reward_service.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/time/time.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/kernels/ops.h"
#include "common/rpc/deadline.h"
#include "common/rpc/handler.h"

namespace tact {
namespace {

constexpr char kService[] = "tact.v1.RewardService";
constexpr int kMaxItems = 4096;

prometheus::Counter& FailedTexts() {
  static auto& failed =
      CounterMetric("tact_reward_failed_texts_total", "Texts that could not be scored.");
  return failed;
}

void SetError(const absl::Status& status, v1::ScoreResult& result) {
  FailedTexts().Increment();
  result.set_error_code(static_cast<uint32_t>(status.code()));
  result.set_error_message(std::string(status.message()));
}

absl::Status CheckItems(const v1::ScoreRequest& request) {
  if (request.items_size() >= 1 && request.items_size() <= kMaxItems) return absl::OkStatus();
  return FieldError("items", StrCat(request.items_size(), " items"),
                    StrCat("expected 1 to ", kMaxItems),
                    "send at least one text, and split long lists over several calls");
}

}  // namespace

void FillScore(std::span<const float> logits, const std::vector<std::string>& labels,
               v1::ScoreResult& result) {
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) continue;
    return SetError(absl::InternalError(
                        StrCat("the classifier's logit of label \"", labels[i], "\" is ", logits[i],
                               ", not a finite number; check the weights of the reward model")),
                    result);
  }
  std::vector<float> probabilities(logits.begin(), logits.end());
  Softmax(probabilities.data(), nullptr, std::ssize(probabilities));
  result.mutable_logits()->Add(logits.begin(), logits.end());
  result.mutable_probabilities()->Add(probabilities.begin(), probabilities.end());
  result.set_label(labels[ArgMax(logits.data(), std::ssize(logits))]);
}

RewardService::RewardService(const RobertaConfig& config, const Tokenizer& tokenizer,
                             Batcher& batcher, std::string path)
    : config_(config), tokenizer_(tokenizer), batcher_(batcher), path_(std::move(path)) {
  FailedTexts();
}

grpc::Status RewardService::Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                                  v1::ScoreResponse* response) {
  return HandleCall(kService, "Score", context, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckItems(*request));
    const CallerPatience patience{SteadyDeadline(*context),
                                  [context] { return context->IsCancelled(); }};
    return ScoreItems(*request, patience, *response);
  });
}

absl::StatusOr<Encoded> RewardService::Encode(const v1::ScoreItem& item, bool truncate,
                                              int index) const {
  const EncodeOptions options{static_cast<size_t>(config_.max_tokens()),
                              truncate ? Truncation::kTruncate : Truncation::kError};
  const std::string field = StrCat("items[", index, "]");
  if (!item.has_prompt()) return EncodeBounded(tokenizer_, item.text(), options, field + ".text");
  return EncodePairBounded(tokenizer_, item.prompt(), item.text(), options, field);
}

absl::Status RewardService::ScoreItems(const v1::ScoreRequest& request,
                                       const CallerPatience& patience,
                                       v1::ScoreResponse& response) {
  response.mutable_labels()->Add(config_.labels.begin(), config_.labels.end());
  std::vector<Batcher::TokenIds> texts;
  std::vector<v1::ScoreResult*> waiting;  // of each text
  for (int i = 0; i < request.items_size(); ++i) {
    v1::ScoreResult& result = *response.add_results();
    absl::StatusOr<Encoded> encoded = Encode(request.items(i), request.truncate(), i);
    if (!encoded.ok()) {
      SetError(encoded.status(), result);
      continue;
    }
    result.set_truncated(encoded->truncated);
    result.set_tokens(static_cast<uint32_t>(encoded->ids.size()));
    texts.push_back(std::move(encoded->ids));
    waiting.push_back(&result);
  }
  ASSIGN_OR_RETURN(const auto logits, batcher_.Score(std::move(texts), patience));
  for (size_t i = 0; i < logits.size(); ++i) FillScore(logits[i], config_.labels, *waiting[i]);
  return absl::OkStatus();
}

grpc::Status RewardService::GetRewardModel(grpc::ServerContext* context,
                                           const v1::GetRewardModelRequest*,
                                           v1::GetRewardModelResponse* response) {
  return HandleCall(kService, "GetRewardModel", context, [&]() -> absl::Status {
    response->set_architecture(std::string(config_.model_type()));
    response->set_path(path_);
    response->mutable_labels()->Add(config_.labels.begin(), config_.labels.end());
    response->set_max_tokens(static_cast<uint32_t>(config_.max_tokens()));
    response->set_parameters(static_cast<uint64_t>(config_.num_parameters()));
    return absl::OkStatus();
  });
}

}  // namespace tact
