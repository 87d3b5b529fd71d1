// Keeps one policy replica serving what is desired, on a thread of its own, so that a slow replica
// holds up no other: pushes at once what is asked for, and looks every two seconds whether the
// replica has come back without its weights.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_REPLICA_KEEPER_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_REPLICA_KEEPER_H_

#include <atomic>
#include <thread>

#include "absl/status/status.h"
#include "services/trainer/clients/policy_replica.h"
#include "services/trainer/jobs/job_store.h"
#include "services/trainer/weights/publish_state.h"

namespace tact {

class ReplicaKeeper {
 public:
  // All must outlive the keeper; `index` is the replica's in `state`.
  ReplicaKeeper(const JobStore& store, PublishState& state, PolicyReplica& replica, size_t index);
  ~ReplicaKeeper();  // after state.Stop(); ends a push that is on its way

  // From now on unasked as well.
  void StartToReconcile() { reconcile_ = true; }

 private:
  void Loop();
  absl::Status Pass(uint64_t ticket);
  absl::Status PushIfLacking(const WeightPayload& payload, const ServedVersions& served);
  absl::Status CheckNewer(const WeightPayload& payload, const ServedVersion& served) const;
  void Log(const absl::Status& status);

  const JobStore& store_;
  PublishState& state_;
  PolicyReplica& replica_;
  const size_t index_;
  std::atomic<bool> reconcile_ = false;
  bool was_ok_ = true;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_REPLICA_KEEPER_H_
