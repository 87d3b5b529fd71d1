// The side of the ranks above 0: joins rank 0's group, takes its jobs.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_WORKER_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/ranks/gloo_group.h"
#include "services/trainer/ranks/heartbeat.h"
#include "services/trainer/ranks/rank_settings.h"
#include "services/trainer/ranks/rank_times.h"

namespace tact {

class RankWorker {
 public:
  // Waits for rank 0, times.join at most, and then until it has formed a group with this process.
  // `check` ends the waiting with its error. INVALID_ARGUMENT where rank 0 refuses this process.
  // `on_lost` is called on another thread when the group is lost.
  static absl::StatusOr<std::unique_ptr<RankWorker>> Join(
      const RankSettings& settings, const RankTimes& times,
      const std::function<absl::Status()>& check, Heartbeat::OnLost on_lost = {});

  // The description of the next job. CANCELLED once rank 0 has stopped in good order.
  absl::StatusOr<std::string> NextJob();
  // OK once rank 0 has ended the job; DEADLINE_EXCEEDED after `patience`.
  absl::Status WaitForEnd(absl::Duration patience) { return group_->WaitForEnd(patience); }
  RankGroup& group() { return *group_; }
  absl::Status lost() const { return heartbeat_.lost(); }
  // Tells the others that this rank leaves, and why; calls on_lost.
  void Leave(std::string_view why);
  // The same without on_lost.
  void Tell(std::string_view why);

 private:
  RankWorker(const RankSettings& settings, const RankTimes& times, std::string token,
             std::unique_ptr<SharedStore> store, Heartbeat::OnLost on_lost);
  absl::Status WaitForGroup(const std::function<absl::Status()>& check);
  std::string Farewell(std::string_view why) const;
  absl::StatusOr<std::string> WaitForPrefix(const std::function<absl::Status()>& check);

  const RankSettings settings_;
  const RankTimes times_;
  const std::string token_;
  std::unique_ptr<SharedStore> store_;
  Heartbeat heartbeat_;
  std::string prefix_;  // of the group
  std::unique_ptr<GlooGroup> group_;
  uint64_t job_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_WORKER_H_
