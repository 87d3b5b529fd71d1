#include "services/trainer/ppo/rollout_pipeline.h"

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "common/base/status.h"

namespace tact {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(50);

}  // namespace

RolloutPipeline::RolloutPipeline(Make make, uint32_t parallel) : make_(std::move(make)) {
  for (uint32_t i = 0; i < parallel; ++i) threads_.emplace_back([this] { Work(); });
}

RolloutPipeline::~RolloutPipeline() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void RolloutPipeline::Order(BatchOrder order) {
  absl::MutexLock lock(&mutex_);
  batches_[order.step] = nullptr;
  queue_.push_back(std::move(order));
}

void RolloutPipeline::Put(MadeBatch batch) {
  absl::MutexLock lock(&mutex_);
  const uint32_t step = batch.step;
  batches_[step] = std::make_unique<absl::StatusOr<MadeBatch>>(std::move(batch));
}

bool RolloutPipeline::Has(uint32_t step) const {
  absl::MutexLock lock(&mutex_);
  return batches_.count(step) > 0;
}

RetryHooks RolloutPipeline::WorkerHooks() {
  return {[this]() -> absl::Status {
            absl::MutexLock lock(&mutex_);
            return stopping_ ? absl::AbortedError("the job stops") : absl::OkStatus();
          },
          [this](std::string_view why) {
            absl::MutexLock lock(&mutex_);
            waits_for_ = std::string(why);
            return absl::OkStatus();
          }};
}

void RolloutPipeline::Work() {
  while (true) {
    BatchOrder order;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        return stopping_ || !queue_.empty();
      };
      mutex_.Await(absl::Condition(&ready));
      if (stopping_) return;
      order = std::move(queue_.front());
      queue_.pop_front();
    }
    auto made = std::make_unique<absl::StatusOr<MadeBatch>>(
        CatchExceptions("rollouts", [&] { return make_(order, WorkerHooks()); }));
    absl::MutexLock lock(&mutex_);
    batches_[order.step] = std::move(made);
  }
}

bool RolloutPipeline::IsDone(uint32_t step) const {
  const auto found = batches_.find(step);
  return found == batches_.end() || found->second != nullptr;
}

absl::Status RolloutPipeline::AwaitDone(uint32_t step, const RetryHooks& hooks) {
  while (true) {
    std::string why;
    {
      absl::MutexLock lock(&mutex_);
      const auto done = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return IsDone(step); };
      if (mutex_.AwaitWithTimeout(absl::Condition(&done), kLook)) break;
      why = waits_for_;
    }
    RETURN_IF_ERROR(hooks.check());
    if (!why.empty()) RETURN_IF_ERROR(hooks.report(why));
  }
  return hooks.report("");
}

absl::StatusOr<MadeBatch> RolloutPipeline::Take(uint32_t step, const RetryHooks& hooks) {
  RETURN_IF_ERROR(AwaitDone(step, hooks));
  absl::MutexLock lock(&mutex_);
  auto batch = batches_.extract(step);
  if (batch.empty()) return absl::InternalError("a batch was taken that nobody asked for");
  return std::move(*batch.mapped());
}

absl::StatusOr<std::vector<MadeBatch>> RolloutPipeline::Finish(uint32_t end,
                                                               const RetryHooks& hooks) {
  std::vector<uint32_t> steps;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [step, batch] : batches_) {
      if (step < end) steps.push_back(step);
    }
  }
  std::vector<MadeBatch> out;
  for (uint32_t step : steps) {
    RETURN_IF_ERROR(AwaitDone(step, hooks));
    absl::MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(MadeBatch copy, *batches_.at(step));
    out.push_back(std::move(copy));
  }
  return out;
}

}  // namespace tact
