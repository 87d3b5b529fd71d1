#include "services/trainer/ppo/ppo_metrics.h"

#include <set>
#include <utility>

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
  const MeanAndStddev rewards = Summarise(batch.scores);
  metrics.set_reward_mean(rewards.mean);
  metrics.set_reward_stddev(rewards.stddev);
  metrics.set_response_tokens(MeanResponseTokens(batch));
  metrics.set_distinct_2(DistinctPairs(batch.rollouts));
}

void SetLearnMetrics(const LearnStats& stats, v1::StepMetrics& metrics) {
  metrics.set_loss(stats.mean.total_loss);
  metrics.set_grad_norm(stats.mean.grad_norm);
  metrics.set_kl(stats.kl);
  metrics.set_policy_loss(stats.mean.policy_loss);
  metrics.set_value_loss(stats.mean.value_loss);
  metrics.set_clip_fraction(stats.mean.clip_fraction);
  metrics.set_entropy(stats.mean.entropy);
  metrics.set_approx_kl(stats.mean.approx_kl);
  metrics.set_value_clip_fraction(stats.mean.value_clip_fraction);
  metrics.set_value_explained_variance(stats.value_explained_variance());
}

void ExportLearnStats(const LearnStats& stats) {
  for (const auto& [name, number] : NameStats(stats)) {
    GaugeMetric("tact_trainer_ppo_statistic", "Statistics of the last PPO step, under TRL's names",
                {{"name", name}})
        .Set(number);
  }
}

void ExportPpoMetrics(const v1::StepMetrics& metrics) {
  GaugeMetric("tact_trainer_reward_mean", "Mean reward of the last PPO step")
      .Set(metrics.reward_mean());
  GaugeMetric("tact_trainer_kl", "KL against the reference policy, summed over a response")
      .Set(metrics.kl());
  GaugeMetric("tact_trainer_staleness", "Versions that the last step's rollouts were behind, mean")
      .Set(metrics.staleness_mean());
  GaugeMetric("tact_trainer_replay_difference", "Largest logprob difference of the last replay")
      .Set(metrics.replay_difference());
  CounterMetric("tact_trainer_dropped_rollouts_total", "Rollouts that could not be scored")
      .Increment(metrics.dropped_rollouts());
}

double DistinctPairs(const std::vector<TokenSequence>& rollouts) {
  std::set<std::pair<int32_t, int32_t>> distinct;
  size_t pairs = 0;
  for (const TokenSequence& rollout : rollouts) {
    for (size_t i = 1; i < rollout.response.size(); ++i, ++pairs) {
      distinct.emplace(rollout.response[i - 1], rollout.response[i]);
    }
  }
  return pairs == 0 ? 1.0 : static_cast<double>(distinct.size()) / static_cast<double>(pairs);
}

double CountTokens(const ScoredBatch& batch) {
  size_t tokens = 0;
  for (const TokenSequence& rollout : batch.rollouts) {
    tokens += rollout.prompt.size() + rollout.response.size();
  }
  return static_cast<double>(tokens);
}

}  // namespace tact
