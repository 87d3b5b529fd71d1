#include "common/rpc/method_rules.h"

#include <algorithm>
#include <array>

namespace tact {
namespace {

constexpr RoleSet kAll = kClient | kTrainer | kEvaluator;
constexpr bool kAudited = true;

constexpr MethodRule Rule(std::string_view path, RoleSet roles, bool audited = false) {
  return {path, roles, false, audited};
}

constexpr MethodRule ForAnybody(std::string_view path) { return {path, kNoRole, true, false}; }

// kNoRole: for admins alone.
constexpr std::array kRules = {
    Rule("/tact.v1.PolicyService/Generate", kAll),
    Rule("/tact.v1.PolicyService/StreamGenerate", kAll),
    Rule("/tact.v1.PolicyService/StreamRollouts", kTrainer),
    Rule("/tact.v1.PolicyService/ScoreLogprobs", kAll),
    Rule("/tact.v1.PolicyService/PushWeights", kTrainer, kAudited),
    Rule("/tact.v1.PolicyService/LoadAdapter", kNoRole, kAudited),
    Rule("/tact.v1.PolicyService/UnloadAdapter", kNoRole, kAudited),
    Rule("/tact.v1.PolicyService/ListAdapters", kAll),
    Rule("/tact.v1.PolicyService/GetModel", kAll),

    Rule("/tact.v1.RewardService/Score", kAll),
    Rule("/tact.v1.RewardService/GetRewardModel", kAll),

    Rule("/tact.v1.TrainerService/CreateJob", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/GetJob", kClient),
    Rule("/tact.v1.TrainerService/PlanJob", kClient),
    Rule("/tact.v1.TrainerService/ListJobs", kClient),
    Rule("/tact.v1.TrainerService/WatchJob", kClient),
    Rule("/tact.v1.TrainerService/CancelJob", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/PauseJob", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/ResumeJob", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/ListCheckpoints", kClient),
    Rule("/tact.v1.TrainerService/ExportModel", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/UploadDataset", kNoRole, kAudited),
    Rule("/tact.v1.TrainerService/ListDatasets", kClient),

    Rule("/tact.v1.EvaluationService/RunEvaluation", kClient, kAudited),
    Rule("/tact.v1.EvaluationService/GetEvaluation", kClient),
    Rule("/tact.v1.EvaluationService/WatchEvaluation", kClient),
    Rule("/tact.v1.EvaluationService/ListEvaluations", kClient),
    Rule("/tact.v1.EvaluationService/Compare", kClient),
    Rule("/tact.v1.EvaluationService/GetReport", kClient),
    Rule("/tact.v1.EvaluationService/ComputeRouge", kClient),
    Rule("/tact.v1.EvaluationService/ComputeToxicity", kClient),

    Rule("/tact.v1.RankStoreService/OpenStore", kTrainer),
    Rule("/tact.v1.RankStoreService/SetValue", kTrainer),
    Rule("/tact.v1.RankStoreService/GetValue", kTrainer),
    Rule("/tact.v1.RankStoreService/AddToCounter", kTrainer),
    Rule("/tact.v1.RankStoreService/DeleteValue", kTrainer),

    ForAnybody("/grpc.health.v1.Health/Check"),
    ForAnybody("/grpc.health.v1.Health/Watch"),
    Rule("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kAll),
    // Which this gRPC does not have: clients ask for it first and want to read UNIMPLEMENTED.
    Rule("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", kAll),
};

}  // namespace

std::span<const MethodRule> MethodRules() { return kRules; }

const MethodRule* FindMethodRule(std::string_view path) {
  const auto found = std::find_if(kRules.begin(), kRules.end(),
                                  [&](const MethodRule& rule) { return rule.path == path; });
  return found == kRules.end() ? nullptr : &*found;
}

bool Allows(const MethodRule& rule, RoleSet roles) {
  return rule.anybody || (roles & (rule.roles | kAdmin)) != 0;
}

}  // namespace tact
