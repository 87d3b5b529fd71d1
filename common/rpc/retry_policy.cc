#include "common/rpc/retry_policy.h"

#include <array>

#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::array<std::string_view, 23> kMethods = {
    "/tact.v1.PolicyService/Generate",
    "/tact.v1.PolicyService/StreamGenerate",
    "/tact.v1.PolicyService/ScoreLogprobs",
    "/tact.v1.PolicyService/ListAdapters",
    "/tact.v1.PolicyService/GetModel",
    "/tact.v1.RewardService/Score",
    "/tact.v1.RewardService/GetRewardModel",
    "/tact.v1.TrainerService/GetJob",
    "/tact.v1.TrainerService/PlanJob",
    "/tact.v1.TrainerService/ListJobs",
    "/tact.v1.TrainerService/WatchJob",
    "/tact.v1.TrainerService/ListCheckpoints",
    "/tact.v1.TrainerService/ListDatasets",
    "/tact.v1.EvaluationService/GetEvaluation",
    "/tact.v1.EvaluationService/WatchEvaluation",
    "/tact.v1.EvaluationService/ListEvaluations",
    "/tact.v1.EvaluationService/Compare",
    "/tact.v1.EvaluationService/GetReport",
    "/tact.v1.EvaluationService/ComputeRouge",
    "/tact.v1.EvaluationService/ComputeToxicity",
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

// {"service":"tact.v1.PolicyService","method":"Generate"}
std::string NameOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return StrCat(R"({"service":")", path.substr(1, slash - 1), R"(","method":")",
                path.substr(slash + 1), R"("})");
}

}  // namespace

std::span<const std::string_view> RepeatableMethods() { return kMethods; }

std::string RetryPolicyJson() {
  std::string names;
  for (const std::string_view method : kMethods) {
    StrAppend(&names, names.empty() ? "" : ",", NameOf(method));
  }
  return StrCat(R"("methodConfig":[{"name":[)", names,
                R"(],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s",)",
                R"("backoffMultiplier":3,"retryableStatusCodes":["UNAVAILABLE"]}}],)",
                R"("retryThrottling":{"maxTokens":20,"tokenRatio":0.5})");
}

}  // namespace tact
