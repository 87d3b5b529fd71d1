// Rank 0's side: hosts the meeting point, waits for the other ranks, gives them jobs.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_HOST_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_HOST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/ranks/gloo_group.h"
#include "services/trainer/ranks/heartbeat.h"
#include "services/trainer/ranks/rank_settings.h"
#include "services/trainer/ranks/rank_times.h"

namespace tact {

// One thread at a time may use it.
class RankHost {
 public:
  // UNAVAILABLE names the port if it is in use.
  static absl::StatusOr<std::unique_ptr<RankHost>> Start(const RankSettings& settings,
                                                         const RankTimes& times = {});
  // Tells the workers that rank 0 ends in good order.
  ~RankHost();

  // A group of all ranks: the one there is, or a new one where a rank was lost. Waits for ranks
  // that are not there: `wait` is told who is missing, a few times a second, and ends the waiting
  // with its error.
  using Wait = std::function<absl::Status(const std::string& missing)>;
  absl::StatusOr<RankGroup*> Form(const Wait& wait);

  // The group's next job, described in bytes for the workers; ends with EndJob.
  absl::Status BeginJob(const std::string& description);
  void EndJob(std::string_view why);

  // Of the group there is; OK where there is none.
  absl::Status lost() const;
  const RankSettings& settings() const { return settings_; }

 private:
  RankHost(const RankSettings& settings, const RankTimes& times,
           std::unique_ptr<SharedStore> store);
  absl::StatusOr<std::map<int, std::string>> Candidates();
  absl::StatusOr<std::string> Candidate(int rank);
  absl::Status Admit(const std::map<int, std::string>& tokens);
  std::string Missing(const std::map<int, std::string>& there) const;

  const RankSettings settings_;
  const RankTimes times_;
  std::unique_ptr<SharedStore> store_;
  Heartbeat heartbeat_;
  PulseWatch arrivals_;
  std::map<std::string, int> number_of_;  // of each process that has asked to join
  std::set<std::string> used_;            // processes of former groups
  std::unique_ptr<GlooGroup> group_;
  uint64_t generation_ = 0, job_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_HOST_H_
