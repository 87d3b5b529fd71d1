// Batches that are made ahead of the learner, on threads of their own.
#ifndef TACT_SERVICES_TRAINER_PPO_ROLLOUT_PIPELINE_H_
#define TACT_SERVICES_TRAINER_PPO_ROLLOUT_PIPELINE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/ppo/rollout_batch.h"

namespace tact {

// One thread orders and takes.
class RolloutPipeline {
 public:
  using Make = std::function<absl::StatusOr<MadeBatch>(const BatchOrder&, const RetryHooks&)>;

  // At most `parallel` batches are made at a time, in the order in which they were asked for.
  RolloutPipeline(Make make, uint32_t parallel);
  ~RolloutPipeline();  // gives up what is being made

  void Order(BatchOrder order);
  // A batch that is there already, from a checkpoint.
  void Put(MadeBatch batch);
  bool Has(uint32_t step) const;  // asked for or there, and not taken

  // Waits for a batch that was asked for, and gives it away. `hooks` are those of the waiting
  // thread; they hear why the making waits. An error of the making is returned here.
  absl::StatusOr<MadeBatch> Take(uint32_t step, const RetryHooks& hooks);
  // Waits for every batch asked for below `end`, and copies them.
  absl::StatusOr<std::vector<MadeBatch>> Finish(uint32_t end, const RetryHooks& hooks);

 private:
  void Work();
  RetryHooks WorkerHooks();
  bool IsDone(uint32_t step) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AwaitDone(uint32_t step, const RetryHooks& hooks);

  const Make make_;
  mutable absl::Mutex mutex_;
  std::deque<BatchOrder> queue_ ABSL_GUARDED_BY(mutex_);
  // Null while a batch is being made or queued.
  std::map<uint32_t, std::unique_ptr<absl::StatusOr<MadeBatch>>> batches_ ABSL_GUARDED_BY(mutex_);
  std::string waits_for_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUT_PIPELINE_H_
