// Keeps every policy replica serving what the trainer has published: a push goes to all replicas,
// and one that comes back without a published model gets it again, parents before adapters.
// May be used from several threads.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/clients/policy_replica.h"
#include "services/trainer/clients/weight_payload.h"
#include "services/trainer/jobs/job_store.h"

namespace tact {

class Publisher {
 public:
  // `data_dir` holds the payload files of durable models.
  Publisher(JobStore& store, std::filesystem::path data_dir,
            const std::vector<std::string>& addresses);
  ~Publisher();

  // Reads what was published before and starts to reconcile in the background.
  absl::Status Start();

  // A version for `model` above every one that was reserved before or is served by a replica.
  absl::StatusOr<uint64_t> ReserveVersion(const std::string& model);

  // From now on `payload` is what replicas are to serve under its name; pushes it to each of them
  // and verifies the echo. An error is that of the first replica that failed; where it passes
  // (UNAVAILABLE, ...) the replica gets the payload later, or call Reconcile.
  absl::Status Publish(const WeightPayload& payload);
  // The same, kept over restarts of the trainer: payload.file must lie under the data folder.
  absl::Status PublishDurably(const WeightPayload& payload, std::string_view job_id);
  // Nobody is to serve this name any more for the trainer's sake (a refused push).
  void Forget(const std::string& model);

  // A published full model with this SHA-256, if there is one.
  std::optional<std::string> FindFullModel(std::string_view sha256) const;

  // Pushes what replicas lack. OK when all serve everything.
  absl::Status Reconcile();

  const std::vector<std::unique_ptr<PolicyReplica>>& replicas() const { return replicas_; }
  const std::filesystem::path& data_dir() const { return data_dir_; }

 private:
  using Payload = std::shared_ptr<const WeightPayload>;
  void SetDesired(const WeightPayload& payload);
  std::vector<Payload> Desired() const;  // parents before adapters
  absl::Status ReconcileReplica(size_t index);
  void Loop();

  JobStore& store_;
  const std::filesystem::path data_dir_;
  std::vector<std::unique_ptr<PolicyReplica>> replicas_;
  std::vector<std::unique_ptr<absl::Mutex>> replica_mutexes_;  // one push at a time to each
  mutable absl::Mutex mutex_;
  std::map<std::string, Payload> desired_ ABSL_GUARDED_BY(mutex_);  // by served name
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_
