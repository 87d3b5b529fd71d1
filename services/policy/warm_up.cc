#include "services/policy/warm_up.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/base/status.h"

namespace tact {
namespace {

constexpr int64_t kTokens = 4;

PromptTask Task(const ServedWeights& weights, const SequenceLimits& limits) {
  PromptTask task = {.weights = weights};
  const int32_t end = static_cast<int32_t>(weights.snapshot->config.eos_token_id);
  task.prompt_ids.assign(std::min<int64_t>(kTokens, limits.max_prompt_tokens), end);
  task.sampling.max_new_tokens = std::min(kTokens, limits.max_new_tokens);
  return task;
}

}  // namespace

absl::Status WarmUp(Engine& engine, const ServedWeights& weights) {
  // Shared with the engine's thread, which may still be in Notify when the wait is over.
  struct Answer {
    absl::Notification given;
    absl::Status status;
  };
  const auto answer = std::make_shared<Answer>();
  const auto call =
      std::make_shared<Call>(absl::InfiniteFuture(), [answer](const SequenceResult& result) {
        answer->status = result.status;
        answer->given.Notify();
      });
  RETURN_IF_ERROR(engine.Submit(call, {Task(weights, engine.options().sequence)}));
  answer->given.WaitForNotification();
  return Annotate(answer->status, "warming up");
}

}  // namespace tact
