#include "services/tactctl/replica_report.h"

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "absl/strings/str_join.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/status_map.h"
#include "services/tactctl/job_text.h"
#include "tact/v1/evaluation.grpc.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {
namespace {

constexpr double kAnswerSeconds = 3;

using Channel = std::shared_ptr<grpc::Channel>;

// One call with the stamp of its response.
template <typename Stub, typename Request, typename Response>
absl::Status AskOnce(Stub& stub,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request, Response& response, ReplicaReport& report) {
  grpc::ClientContext call;
  SetDeadline(call, kAnswerSeconds);
  const Stopwatch watch;
  const double began = UnixSeconds();
  const grpc::Status status = (stub.*method)(&call, request, &response);
  if (!status.ok()) return FromGrpcStatus(status, "", &call);
  report.stamp = ReadStamp(call);
  report.skew_error_seconds = watch.Seconds() / 2;
  if (report.stamp) {
    report.skew_seconds = report.stamp->time_seconds - (began + report.skew_error_seconds);
  }
  return absl::OkStatus();
}

std::string ServedNames(const std::vector<v1::ServedModel>& models) {
  return absl::StrJoin(models, ", ", [](std::string* out, const v1::ServedModel& model) {
    StrAppend(out, model.name(), " v", model.weight_version());
  });
}

absl::Status AskPolicy(const Channel& channel, ReplicaReport& report) {
  const auto stub = v1::PolicyService::NewStub(channel);
  v1::GetModelResponse got;
  RETURN_IF_ERROR(
      AskOnce(*stub, &v1::PolicyService::Stub::GetModel, v1::GetModelRequest(), got, report));
  report.models.assign(got.models().begin(), got.models().end());
  report.detail = StrCat(got.architecture(), " serves ", ServedNames(report.models));
  return absl::OkStatus();
}

absl::Status AskReward(const Channel& channel, ReplicaReport& report) {
  const auto stub = v1::RewardService::NewStub(channel);
  v1::GetRewardModelResponse got;
  RETURN_IF_ERROR(AskOnce(*stub, &v1::RewardService::Stub::GetRewardModel,
                          v1::GetRewardModelRequest(), got, report));
  report.detail = StrCat(got.architecture(), ", ", got.parameters(), " parameters, labels ",
                         absl::StrJoin(got.labels(), ", "));
  return absl::OkStatus();
}

// "lora [..]: step 3/9 ...; 2 queued"; "idle" where nothing is to be done.
std::string DescribeJobs(const v1::ListJobsResponse& list) {
  std::vector<std::string> parts;
  std::map<std::string, int> others;
  for (const v1::Job& job : list.jobs()) {
    const bool is_current =
        job.state() == v1::JOB_STATE_RUNNING || job.state() == v1::JOB_STATE_WAITING;
    if (is_current) parts.push_back(StrCat("job ", job.id(), ": ", ProgressLine(job, false)));
    if (job.state() == v1::JOB_STATE_QUEUED || job.state() == v1::JOB_STATE_PAUSED) {
      ++others[StateName(job.state())];
    }
  }
  for (const auto& [state, count] : others) parts.push_back(StrCat(count, " ", state));
  return parts.empty() ? "idle" : absl::StrJoin(parts, "; ");
}

absl::Status AskTrainer(const Channel& channel, ReplicaReport& report) {
  const auto stub = v1::TrainerService::NewStub(channel);
  v1::ListJobsRequest request;
  for (const auto state :
       {v1::JOB_STATE_RUNNING, v1::JOB_STATE_WAITING, v1::JOB_STATE_QUEUED, v1::JOB_STATE_PAUSED}) {
    request.add_states(state);
  }
  v1::ListJobsResponse got;
  RETURN_IF_ERROR(AskOnce(*stub, &v1::TrainerService::Stub::ListJobs, request, got, report));
  report.detail = DescribeJobs(got);
  return absl::OkStatus();
}

absl::Status AskEvaluation(const Channel& channel, ReplicaReport& report) {
  const auto stub = v1::EvaluationService::NewStub(channel);
  v1::ListEvaluationsResponse got;
  RETURN_IF_ERROR(AskOnce(*stub, &v1::EvaluationService::Stub::ListEvaluations,
                          v1::ListEvaluationsRequest(), got, report));
  const auto running = std::count_if(
      got.evaluations().begin(), got.evaluations().end(),
      [](const v1::Evaluation& one) { return one.state() == v1::EVALUATION_STATE_RUNNING; });
  report.detail = StrCat(running, " running, ", got.evaluations_size() - running,
                         got.next_page_token().empty() ? "" : "+", " done");
  return absl::OkStatus();
}

absl::Status AskService(std::string_view service, const Channel& channel, ReplicaReport& report) {
  if (service == "policy") return AskPolicy(channel, report);
  if (service == "reward") return AskReward(channel, report);
  return service == "trainer" ? AskTrainer(channel, report) : AskEvaluation(channel, report);
}

}  // namespace

ReplicaReport AskReplica(const Context& context, const ServiceEntry& service,
                         const Replica& replica) {
  ReplicaReport report;
  report.service = std::string(service.name);
  report.address = replica.address;
  const Channel channel = ReplicaChannel(replica, context.credentials);
  report.health = CheckHealth(channel, service.health, kAnswerSeconds);
  if (report.health == Health::kUnreachable) return report;
  const absl::Status status = AskService(service.name, channel, report);
  if (!status.ok()) report.detail = std::string(status.message());
  return report;
}

absl::StatusOr<std::vector<ReplicaReport>> AskAllReplicas(const Context& context) {
  std::vector<std::future<ReplicaReport>> asked;
  for (const ServiceEntry& service : kServices) {
    ASSIGN_OR_RETURN(const auto replicas, FindReplicas(context.service(service.name)));
    for (const Replica& replica : replicas) {
      asked.push_back(std::async(std::launch::async, [&context, &service, replica] {
        return AskReplica(context, service, replica);
      }));
    }
  }
  std::vector<ReplicaReport> reports;
  for (auto& one : asked) reports.push_back(one.get());
  return reports;
}

std::vector<std::string> VersionDifferences(const std::vector<ReplicaReport>& reports) {
  std::map<std::string, std::map<std::string, std::string>> versions;  // name, address
  std::vector<std::string> policies;
  for (const ReplicaReport& report : reports) {
    if (report.service != "policy" || report.models.empty()) continue;
    policies.push_back(report.address);
    for (const v1::ServedModel& model : report.models) {
      versions[model.name()][report.address] = StrCat("v", model.weight_version());
    }
  }
  std::vector<std::string> out;
  for (auto& [name, by_address] : versions) {
    std::set<std::string> different;
    std::vector<std::string> parts;
    for (const std::string& address : policies) {
      const auto found = by_address.find(address);
      const std::string version = found == by_address.end() ? "not served" : found->second;
      different.insert(version);
      parts.push_back(StrCat(version, " on ", address));
    }
    if (different.size() > 1) out.push_back(StrCat(name, ": ", absl::StrJoin(parts, ", ")));
  }
  return out;
}

}  // namespace tact::ctl
