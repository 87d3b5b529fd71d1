// A RankGroup of processes over c10d. Each exchange has two parts: the ranks meet, which takes as
// long as the slowest of them computes and ends early when one is lost; then the data go over gloo,
// with a timeout, as everybody is there.
#ifndef TACT_SERVICES_TRAINER_RANKS_GLOO_GROUP_H_
#define TACT_SERVICES_TRAINER_RANKS_GLOO_GROUP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/trainer/ranks/gloo_backend.h"
#include "services/trainer/ranks/heartbeat.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/ranks/rank_times.h"
#include "services/trainer/ranks/shared_store.h"

namespace tact {

class GlooGroup : public RankGroup {
 public:
  // `store` and `heartbeat` must outlive the group; `prefix` is its alone.
  static absl::StatusOr<std::unique_ptr<GlooGroup>> Connect(const RankSettings& settings,
                                                            SharedStore& store,
                                                            Heartbeat& heartbeat,
                                                            std::string prefix,
                                                            const RankTimes& times);

  int rank() const override { return settings_.rank; }
  int size() const override { return settings_.world_size; }
  absl::Status AllReduceSum(std::span<const at::Tensor> tensors) override;
  absl::Status BroadcastTensors(std::span<const at::Tensor> tensors) override;
  absl::StatusOr<std::string> Broadcast(std::string bytes) override;
  absl::Status Barrier() override { return Meet(); }

  // Jobs are numbered from 1 on, by every rank alike. On rank 0: makes the job known.
  absl::Status BeginJob(uint64_t number, const std::string& description);
  // On the others: the job, once rank 0 has made it known.
  absl::StatusOr<std::string> WaitForJob(uint64_t number);
  // On rank 0: every exchange of this job that the others wait in ends with CANCELLED.
  absl::Status EndJob(std::string_view why);
  // On the others: OK once rank 0 has ended the job; DEADLINE_EXCEEDED after `patience`.
  absl::Status WaitForEnd(absl::Duration patience);

 private:
  GlooGroup(const RankSettings& settings, SharedStore& store, Heartbeat& heartbeat,
            std::string prefix, const RankTimes& times, std::unique_ptr<GlooBackend> backend)
      : settings_(settings),
        store_(store),
        heartbeat_(heartbeat),
        prefix_(std::move(prefix)),
        times_(times),
        backend_(std::move(backend)) {}

  absl::Status Meet();
  absl::Status CheckGoesOn();
  absl::Status Named(const absl::Status& status);
  absl::Status InBuckets(std::span<const at::Tensor> tensors,
                         absl::Status (GlooBackend::*exchange)(const at::Tensor&));
  std::string MeetingKey(uint64_t meeting) const;
  std::string JobKey(std::string_view what) const;

  const RankSettings settings_;
  SharedStore& store_;
  Heartbeat& heartbeat_;
  const std::string prefix_;
  const RankTimes times_;
  std::unique_ptr<GlooBackend> backend_;
  uint64_t job_ = 0, meeting_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_GLOO_GROUP_H_
