// What the policy replicas are to serve, and what is known of each: the meeting point of a
// publisher that asks and of the keepers, one a replica, that push. Any thread may call.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_STATE_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/trainer/clients/weight_payload.h"

namespace tact {

struct ServedVersion {
  uint64_t version = 0;
  std::string sha256;
};
using ServedVersions = std::map<std::string, ServedVersion>;  // by served name

// A pass is one visit of a keeper to its replica: ask what it serves, push what it lacks. Who asks
// for a pass gets a ticket; a pass answers the tickets that were there when it began.
class PublishState {
 public:
  using Payload = std::shared_ptr<const WeightPayload>;

  explicit PublishState(size_t replicas);

  // What is to be served.
  void SetDesired(const WeightPayload& payload);
  void Forget(const std::string& model);
  std::vector<Payload> Desired() const;  // parents before adapters
  // A desired full model with this SHA-256, if there is one.
  std::optional<std::string> FindFullModel(std::string_view sha256) const;

  // Asking.
  uint64_t RequestPasses();              // of every replica
  uint64_t RequestPass(size_t replica);  // of one
  // A call to this replica has failed: until its next pass it counts as serving nothing.
  uint64_t Suspect(size_t replica);
  // Each replica's answer to a ticket: whether it could be asked, and whether it serves exactly
  // this payload; nullopt while it is open.
  std::vector<std::optional<absl::Status>> Answers(uint64_t ticket) const;
  std::vector<std::optional<absl::Status>> Pushed(uint64_t ticket,
                                                  const WeightPayload& payload) const;
  std::vector<std::optional<absl::Status>> Finished(uint64_t ticket) const;
  std::optional<absl::Status> FinishedBy(size_t replica, uint64_t ticket) const;
  // Returns at the next change, or after `timeout`.
  void WaitForChange(absl::Duration timeout) const;

  // The highest version of a name that any replica has ever shown.
  uint64_t HighestSeen(const std::string& model) const;
  // True if the replica has answered last and serves the model at this version or above, but not
  // above the one that is desired: those would be somebody else's weights.
  bool Serves(size_t replica, const std::string& model, uint64_t least) const;

  // Keepers. WaitForWork returns false when all is to end, and true at the latest after `period`.
  bool WaitForWork(size_t replica, absl::Duration period) const;
  uint64_t BeginPass(size_t replica);  // the tickets so far
  void RecordAnswer(size_t replica, uint64_t ticket, ServedVersions served);
  void RecordPush(size_t replica, const WeightPayload& payload);
  void FinishPass(size_t replica, uint64_t ticket, const absl::Status& status);
  void Stop();
  bool stopping() const;

 private:
  struct Replica {
    ServedVersions served;  // as it said last, kept while it is away
    bool reachable = false;
    bool pass_answered = false;                                     // in the pass that goes on
    uint64_t wanted = 0, answered = 0, done = 0, suspected = 0;     // tickets
    absl::Status status = absl::UnavailableError("not asked yet");  // of the last pass
  };
  bool ServesExactly(const Replica& replica, const WeightPayload& payload) const;
  void ExportGauges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  mutable absl::CondVar changed_;
  std::map<std::string, Payload> desired_ ABSL_GUARDED_BY(mutex_);  // by served name
  std::vector<Replica> replicas_ ABSL_GUARDED_BY(mutex_);
  uint64_t tickets_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_PUBLISH_STATE_H_
