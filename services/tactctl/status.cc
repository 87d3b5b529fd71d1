// tactctl status: is each service there, and what does it do?
#include "common/base/status.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/health.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"
#include "services/tactctl/service_table.h"
#include "tact/v1/evaluation.grpc.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {
namespace {

constexpr double kHealthSeconds = 2;

std::string DescribePolicy(const Context& context) {
  const Client<v1::PolicyService> client(context, context.policy);
  const auto got = client.Call(&v1::PolicyService::Stub::GetModel, v1::GetModelRequest());
  if (!got.ok()) return std::string(got.status().message());
  std::string text = "serves";
  for (const v1::ServedModel& model : got->models()) {
    StrAppend(&text, " ", model.name(), " v", model.weight_version());
  }
  return text;
}

std::string DescribeReward(const Context& context) {
  const Client<v1::RewardService> client(context, context.reward);
  const auto got =
      client.Call(&v1::RewardService::Stub::GetRewardModel, v1::GetRewardModelRequest());
  if (!got.ok()) return std::string(got.status().message());
  return StrCat(got->architecture(), ", ", got->parameters(), " parameters");
}

std::string DescribeTrainer(const Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  const auto got = client.Call(&v1::TrainerService::Stub::ListJobs, v1::ListJobsRequest());
  if (!got.ok()) return std::string(got.status().message());
  for (const v1::Job& job : got->jobs()) {
    if (job.state() == v1::JOB_STATE_RUNNING || job.state() == v1::JOB_STATE_WAITING) {
      return StrCat("job ", job.id(), ": ", ProgressLine(job, false));
    }
  }
  return StrCat("idle, ", got->jobs_size(), got->next_page_token().empty() ? "" : "+", " jobs");
}

std::string DescribeEvaluation(const Context& context) {
  const Client<v1::EvaluationService> client(context, context.evaluation);
  const auto got =
      client.Call(&v1::EvaluationService::Stub::ListEvaluations, v1::ListEvaluationsRequest());
  if (!got.ok()) return std::string(got.status().message());
  return StrCat(got->evaluations_size(), got->next_page_token().empty() ? "" : "+", " evaluations");
}

struct ServiceStatus {
  ServiceAddress where;
  Health health;
  std::string detail;
};

ServiceStatus Ask(const Context& context, const ServiceEntry& entry) {
  const bool is_policy = entry.name == "policy", is_reward = entry.name == "reward";
  const bool is_trainer = entry.name == "trainer";
  ServiceStatus out{is_policy    ? context.policy
                    : is_reward  ? context.reward
                    : is_trainer ? context.trainer
                                 : context.evaluation,
                    Health::kUnreachable, ""};
  out.health = CheckHealth(out.where.address, entry.health, kHealthSeconds, context.credentials);
  if (out.health != Health::kServing) return out;
  out.detail = is_policy    ? DescribePolicy(context)
               : is_reward  ? DescribeReward(context)
               : is_trainer ? DescribeTrainer(context)
                            : DescribeEvaluation(context);
  return out;
}

void PrintStatus(const std::vector<ServiceStatus>& all, const Context& context) {
  if (context.output == Output::kTable) {
    Table table({"SERVICE", "ADDRESS", "HEALTH", "DETAIL"});
    for (const ServiceStatus& one : all) {
      table.Add({one.where.name, one.where.address, HealthName(one.health), one.detail});
    }
    return table.Print(context.terminal.out, context.terminal.width);
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ServiceStatus& one : all) {
    json.push_back({{"service", one.where.name},
                    {"address", one.where.address},
                    {"health", HealthName(one.health)},
                    {"detail", one.detail}});
  }
  context.terminal.out << json.dump(context.output == Output::kJson ? 2 : -1) << '\n';
}

absl::Status RunStatus(Context& context) {
  std::vector<ServiceStatus> all;
  for (const ServiceEntry& entry : kServices) all.push_back(Ask(context, entry));
  PrintStatus(all, context);
  for (const ServiceStatus& one : all) {
    if (one.health == Health::kServing) continue;
    return MakeError(
        absl::StatusCode::kUnavailable,
        {"SERVICE_UNREACHABLE", one.where.name, one.where.address, "start it with \"tactctl up\""},
        "the service is not serving");
  }
  return absl::OkStatus();
}

}  // namespace

void AddStatusCommand(CLI::App& app, Context& context) {
  app.add_subcommand("status", "Is each service there, and what does it do?")->callback([&context] {
    context.run = [&context] { return RunStatus(context); };
  });
}

}  // namespace tact::ctl
