#include "services/trainer/ppo/ppo_metrics.h"

#include <cmath>

#include "common/base/metrics.h"
#include "common/base/strings.h"

namespace tact {

double MeanResponseTokens(const ScoredBatch& batch) {
  double tokens = 0;
  for (const TokenSequence& rollout : batch.rollouts) {
    tokens += static_cast<double>(rollout.response.size());
  }
  return tokens / static_cast<double>(batch.rollouts.size());
}

void SetBatchMetrics(const ScoredBatch& batch, v1::StepMetrics& metrics) {
  const double n = static_cast<double>(batch.scores.size());
  double sum = 0, squares = 0;
  for (double score : batch.scores) sum += score;
  for (double score : batch.scores) squares += (score - sum / n) * (score - sum / n);
  metrics.set_reward_mean(sum / n);
  metrics.set_reward_stddev(n > 1 ? std::sqrt(squares / (n - 1)) : 0);
  metrics.set_response_tokens(MeanResponseTokens(batch));
}

void SetLearnMetrics(const LearnStats& stats, v1::StepMetrics& metrics) {
  metrics.set_loss(stats.loss);
  metrics.set_grad_norm(stats.grad_norm);
  metrics.set_kl(stats.kl);
  metrics.set_policy_loss(stats.policy_loss);
  metrics.set_value_loss(stats.value_loss);
  metrics.set_clip_fraction(stats.clip_fraction);
  metrics.set_entropy(stats.entropy);
}

void ExportPpoMetrics(const v1::StepMetrics& metrics) {
  GaugeMetric("tact_trainer_reward_mean", "Mean reward of the last PPO step")
      .Set(metrics.reward_mean());
  GaugeMetric("tact_trainer_kl", "KL against the reference policy, summed over a response")
      .Set(metrics.kl());
  GaugeMetric("tact_trainer_replay_difference", "Largest logprob difference of the last replay")
      .Set(metrics.replay_difference());
  CounterMetric("tact_trainer_dropped_rollouts_total", "Rollouts that could not be scored")
      .Increment(metrics.dropped_rollouts());
}

absl::Status CheckCollapse(double tokens, double first_tokens, double ratio) {
  if (tokens >= ratio * first_tokens) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("the policy collapses: responses have ", tokens, " tokens on average, ", first_tokens,
             " at the first step; lower optimizer.learning_rate, raise ppo.init_kl_coef, or set "
             "ppo.collapse_length_ratio to 0 to go on"));
}

}  // namespace tact
