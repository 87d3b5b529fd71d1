// Keeps the policy replicas serving what the trainer has published: a push goes to all of them at
// once and is done when enough have echoed it; the others get it when they can, and one that comes
// back without a published model gets it again, parents before adapters. Any thread may call.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/clients/policy_replica.h"
#include "services/trainer/clients/weight_payload.h"
#include "services/trainer/jobs/job_store.h"
#include "services/trainer/weights/publish_state.h"
#include "services/trainer/weights/replica_keeper.h"

namespace tact {

// How long a call waits for replicas.
struct PublishTerms {
  v1::PublishSettings settings;  // how many must have it [all]
  std::function<absl::Status()>
      check;  // asked while it waits; its error ends the call; may be null
};

class Publisher {
 public:
  // `data_dir` holds the payload files of durable models.
  Publisher(JobStore& store, std::filesystem::path data_dir,
            const std::vector<std::string>& addresses,
            const ClientCredentials& credentials = nullptr);
  ~Publisher();

  // Reads what was published before and starts to reconcile in the background.
  absl::Status Start();

  // A version for `model` above every one that was reserved before or that a replica has shown.
  // As many replicas as a push needs must answer. One that was away and shows a higher version
  // later gets a FAILED_PRECONDITION in its passes, until a version above that one is published.
  absl::StatusOr<uint64_t> ReserveVersion(const std::string& model, const PublishTerms& terms = {});

  // From now on `payload` is what replicas are to serve under its name. OK when as many as the
  // terms need have echoed its version and SHA-256; the others get it in the background. An error
  // is one that a replica gave: where it passes (UNAVAILABLE, ...) that replica gets the payload
  // later, and the same payload may be published again.
  absl::Status Publish(const WeightPayload& payload, const PublishTerms& terms = {});
  // The same, kept over restarts of the trainer: payload.file must lie under the data folder.
  absl::Status PublishDurably(const WeightPayload& payload, std::string_view job_id,
                              const PublishTerms& terms = {});
  // Nobody is to serve this name any more for the trainer's sake (a refused push).
  void Forget(const std::string& model) { state_.Forget(model); }

  // A published full model with this SHA-256, if there is one.
  std::optional<std::string> FindFullModel(std::string_view sha256) const {
    return state_.FindFullModel(sha256);
  }

  // Pushes what replicas lack. OK when as many as the terms need serve everything.
  absl::Status Reconcile(const PublishTerms& terms = {});

  // What is known of each replica; Suspect after a call to it has failed.
  PublishState& state() { return state_; }
  // The replicas that serve a model at this version or above, as far as is known.
  std::vector<size_t> Serving(const std::string& model, uint64_t least) const;

  const std::vector<std::unique_ptr<PolicyReplica>>& replicas() const { return replicas_; }
  const std::filesystem::path& data_dir() const { return data_dir_; }

 private:
  using Answers = std::function<std::vector<std::optional<absl::Status>>()>;
  absl::Status Await(const PublishTerms& terms, const Answers& answers) const;

  JobStore& store_;
  const std::filesystem::path data_dir_;
  std::vector<std::unique_ptr<PolicyReplica>> replicas_;
  PublishState state_;
  std::vector<std::unique_ptr<ReplicaKeeper>> keepers_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_PUBLISHER_H_
