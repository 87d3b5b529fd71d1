// One replica of the policy service as the trainer calls it. Errors name the service and its
// address; UNAVAILABLE and DEADLINE_EXCEEDED pass when the replica is back. Any thread may call.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_POLICY_REPLICA_H_
#define TACT_SERVICES_TRAINER_CLIENTS_POLICY_REPLICA_H_

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/credentials.h"
#include "services/trainer/clients/call_events.h"
#include "services/trainer/clients/weight_payload.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact {

struct StreamTerms {
  StopCheck check;            // asked all the time; its error ends the stream
  double idle_seconds = 120;  // without a rollout: DEADLINE_EXCEEDED
};

class PolicyReplica {
 public:
  explicit PolicyReplica(std::string address, const ClientCredentials& credentials = nullptr);

  const std::string& address() const { return address_; }

  absl::StatusOr<v1::GetModelResponse> GetModel() const;
  // OK once the replica has echoed the payload's version and SHA-256; FAILED_PRECONDITION if it
  // serves a version that is not below.
  absl::Status Push(const WeightPayload& payload) const;
  absl::StatusOr<v1::ScoreLogprobsResponse> ScoreLogprobs(
      const v1::ScoreLogprobsRequest& request) const;
  // Calls `take` for each rollout as it comes; an error of `take` ends the call with that error.
  absl::Status StreamRollouts(const v1::StreamRolloutsRequest& request,
                              const std::function<absl::Status(v1::Rollout&&)>& take,
                              const StreamTerms& terms = {}) const;

  // Ends the calls that are open, and those to come, with UNAVAILABLE.
  void Close();

 private:
  class OpenCall;
  absl::Status Failure(const grpc::Status& status, const grpc::ClientContext& context) const;

  std::string address_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
  mutable absl::Mutex mutex_;
  mutable std::set<grpc::ClientContext*> open_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_POLICY_REPLICA_H_
