// The processes that train one job together: each takes a share of every batch, and sums over all
// of them make the step that one process would have made alone.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_GROUP_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_GROUP_H_

#include <ATen/core/Tensor.h>

#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/jobs/job_context.h"

namespace tact {

// Every rank calls the same functions in the same order; each call returns when all ranks have made
// it. A rank that computes longer is waited for as long as it lives. Errors: UNAVAILABLE with the
// reason RANK_LOST where a rank is lost (IsRankLost); CANCELLED on ranks above 0 where rank 0 has
// ended the job. No later call of the job can succeed then.
class RankGroup {
 public:
  virtual ~RankGroup() = default;

  virtual int rank() const = 0;  // 0 to size - 1; rank 0 leads
  virtual int size() const = 0;

  // Adds up over the ranks, in place; contiguous f32 of the same shapes on every rank. All ranks
  // hold the same bits afterwards.
  virtual absl::Status AllReduceSum(std::span<const at::Tensor> tensors) = 0;
  // The tensors of rank 0, in place on the others; contiguous, of the same shapes and types.
  virtual absl::Status BroadcastTensors(std::span<const at::Tensor> tensors) = 0;
  // The bytes of rank 0; those of the others do not count.
  virtual absl::StatusOr<std::string> Broadcast(std::string bytes) = 0;
  virtual absl::Status Barrier() = 0;
};

// One process by itself: sums are what they are.
class SingleRank : public RankGroup {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  absl::Status AllReduceSum(std::span<const at::Tensor>) override { return absl::OkStatus(); }
  absl::Status BroadcastTensors(std::span<const at::Tensor>) override { return absl::OkStatus(); }
  absl::StatusOr<std::string> Broadcast(std::string bytes) override { return bytes; }
  absl::Status Barrier() override { return absl::OkStatus(); }
};

// The ranks of a job: its context's, or this process by itself.
RankGroup& RanksOf(JobContext& context);

// True for the rank that reports, saves and publishes.
inline bool Leads(const RankGroup& ranks) { return ranks.rank() == 0; }

// The error of a lost rank; `what` names it and tells what happened.
absl::Status RankLostError(std::string_view what);
bool IsRankLost(const absl::Status& status);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_GROUP_H_
