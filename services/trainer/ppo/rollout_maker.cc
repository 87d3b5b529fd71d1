#include "services/trainer/ppo/rollout_maker.h"

#include <algorithm>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace tact {

absl::StatusOr<MadeBatch> RolloutMaker::Make(const BatchOrder& order, const RetryHooks& hooks) {
  MadeBatch batch;
  batch.step = order.step;
  const Stopwatch collecting;
  ASSIGN_OR_RETURN(batch.rollouts, policy_.Collect(order, hooks));
  batch.rollout_seconds = collecting.Seconds();
  for (const v1::Rollout& rollout : batch.rollouts) {
    batch.made_at.push_back(policy_.StepOf(rollout.weight_version()));
  }
  const Stopwatch scoring;
  RETURN_IF_ERROR(Score(order, hooks, batch));
  batch.score_seconds = scoring.Seconds();
  return batch;
}

absl::Status RolloutMaker::Score(const BatchOrder& order, const RetryHooks& hooks,
                                 MadeBatch& batch) {
  std::vector<v1::ScoreItem> items;
  for (const v1::Rollout& rollout : batch.rollouts) {
    v1::ScoreItem& item = items.emplace_back();
    item.set_text(rollout.text());
    if (spec_.ppo().score_with_prompt()) item.set_prompt(order.prompts[rollout.prompt_id()]->text);
  }
  return RetryWhileDown(hooks, [&]() -> absl::Status {
    absl::MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(ScoreOutcome outcome,
                     reward_.Score(items, spec_.ppo().reward_label(), hooks.check));
    batch.retried_scores += outcome.retried;
    batch.scores = std::move(outcome.scores);
    const bool any = std::any_of(batch.scores.begin(), batch.scores.end(),
                                 [](const auto& score) { return score.has_value(); });
    if (any) return absl::OkStatus();
    return absl::UnavailableError("tact-reward, which scored none of the step's rollouts");
  });
}

}  // namespace tact
