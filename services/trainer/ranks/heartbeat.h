// Gives signs of life to the other ranks and watches for theirs, on a thread of its own: a rank
// that computes for minutes is alive, one that hangs or was killed is lost.
#ifndef TACT_SERVICES_TRAINER_RANKS_HEARTBEAT_H_
#define TACT_SERVICES_TRAINER_RANKS_HEARTBEAT_H_

#include <functional>
#include <map>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/ranks/pulse_watch.h"
#include "services/trainer/ranks/rank_times.h"
#include "services/trainer/ranks/shared_store.h"

namespace tact {

// Where ranks beat: rank 0 under kLeaderBeat, a worker under a key of its process.
inline constexpr char kLeaderBeat[] = "beat/0";
// Set by rank 0 when it ends in good order.
inline constexpr char kFarewell[] = "farewell";

// Whom a rank watches.
struct Watched {
  std::map<int, std::string> beats;  // rank -> key of its counter
  // What is written there is how the group was lost; empty: nothing is read.
  std::string lost_key;
  int size = 1;
};

class Heartbeat {
 public:
  using OnLost = std::function<void(const absl::Status&)>;

  // `store` must outlive it. `on_lost` is called once for each loss, on the thread.
  Heartbeat(SharedStore& store, std::string own_key, const RankTimes& times, OnLost on_lost = {});
  ~Heartbeat();

  // From now on these; what was lost before is forgotten.
  void Watch(Watched watched);
  // RANK_LOST or, where rank 0 has said farewell, CANCELLED; OK while every watched rank lives.
  absl::Status lost() const;
  // After an exchange that failed: waits until it is known who was lost, lost_after at most, and
  // takes a shorter silence for a proof. `otherwise` if nobody is.
  absl::Status WaitForLost(const absl::Status& otherwise);
  // Tells the others and itself that the group is lost.
  void Lose(const absl::Status& why);

 private:
  void Loop();
  void Beat();
  // Nothing if another group is watched by now.
  void LoseGroup(const std::string& key, const absl::Status& why);
  absl::Status Look(const Watched& watched);
  absl::Status LookAtPulses(const Watched& watched);
  std::string Describe(const PulseWatch::Silent& silent, int size) const;

  SharedStore& store_;
  const std::string own_key_;
  const RankTimes times_;
  const OnLost on_lost_;
  mutable absl::Mutex mutex_;
  Watched watched_ ABSL_GUARDED_BY(mutex_);
  PulseWatch pulses_ ABSL_GUARDED_BY(mutex_);
  absl::Status lost_ ABSL_GUARDED_BY(mutex_);
  bool suspicious_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_HEARTBEAT_H_
