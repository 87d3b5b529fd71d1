// c10d's process group: gloo for tensors of the CPU and, in builds with CUDA, NCCL for those of
// GPUs. NCCL's part has been neither compiled nor run: no part of tact uses a GPU yet.
#ifndef TACT_SERVICES_TRAINER_RANKS_GLOO_BACKEND_H_
#define TACT_SERVICES_TRAINER_RANKS_GLOO_BACKEND_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/trainer/ranks/shared_store.h"

namespace tact {

// Each call is one exchange that all ranks take part in, and ends within the group's timeout. An
// error is RANK_LOST with gloo's words, which do not name the rank; the group is of no use then.
class GlooBackend {
 public:
  // Connects every rank with every other. `prefix` of the store's keys is this group's alone;
  // `store` must outlive the group.
  static absl::StatusOr<std::unique_ptr<GlooBackend>> Connect(const RankSettings& settings,
                                                              SharedStore& store,
                                                              const std::string& prefix,
                                                              absl::Duration timeout);
  ~GlooBackend();

  absl::Status AllReduceSum(const at::Tensor& tensor);  // contiguous
  absl::Status Broadcast(const at::Tensor& tensor);     // from rank 0; contiguous

 private:
  struct State;
  explicit GlooBackend(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_GLOO_BACKEND_H_
