// One replica, asked: is it there, what is it, what does it do, how far is its clock from ours?
#ifndef TACT_SERVICES_TACTCTL_REPLICA_REPORT_H_
#define TACT_SERVICES_TACTCTL_REPLICA_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "common/rpc/stamp.h"
#include "services/tactctl/context.h"
#include "services/tactctl/health.h"
#include "services/tactctl/replicas.h"
#include "services/tactctl/service_table.h"
#include "tact/v1/common.pb.h"

namespace tact::ctl {

struct ReplicaReport {
  std::string service;  // "policy"
  std::string address;
  Health health = Health::kUnreachable;
  std::optional<ServerStamp> stamp;  // nothing before it answers, and of older versions
  // Its clock minus ours, and how far that may be wrong: half of the time that the call took.
  double skew_seconds = 0, skew_error_seconds = 0;
  std::vector<v1::ServedModel> models;  // of a policy
  std::string detail;                   // what it serves or does, or why it did not say

  double uptime_seconds() const { return stamp ? stamp->time_seconds - stamp->started_seconds : 0; }
};

// Waits a few seconds at most.
ReplicaReport AskReplica(const Context& context, const ServiceEntry& service,
                         const Replica& replica);

// All replicas of all services, asked at the same time, in the order of kServices. Errors:
// FindReplicas.
absl::StatusOr<std::vector<ReplicaReport>> AskAllReplicas(const Context& context);

// "sft: v3 on a:7001, v4 on b:7001" for each served name whose replicas do not have the same
// version; a name that a replica lacks is one of them.
std::vector<std::string> VersionDifferences(const std::vector<ReplicaReport>& reports);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_REPLICA_REPORT_H_
