#include "services/trainer/ppo/ppo_metrics.h"

#include <array>
#include <set>
#include <utility>

#include "common/base/metrics.h"
#include "common/base/strings.h"

namespace tact {
namespace {

struct Number {
  const char* name;
  const char* help;
  double value;
};

std::array<Number, 9> Numbers(const v1::StepMetrics& metrics) {
  return {{
      {"tact_trainer_reward_mean", "Mean reward of the last PPO step.", metrics.reward_mean()},
      {"tact_trainer_reward_stddev", "Standard deviation of the last PPO step's rewards.",
       metrics.reward_stddev()},
      {"tact_trainer_kl", "KL against the reference policy, summed over a response.", metrics.kl()},
      {"tact_trainer_clip_fraction", "Share of tokens whose ratio the last PPO step clipped.",
       metrics.clip_fraction()},
      {"tact_trainer_entropy", "Mean entropy of the last PPO step's tokens.", metrics.entropy()},
      {"tact_trainer_response_tokens", "Mean tokens of the last PPO step's responses.",
       metrics.response_tokens()},
      {"tact_trainer_staleness", "Versions that the last step's rollouts were behind, mean.",
       metrics.staleness_mean()},
      {"tact_trainer_weight_version", "Version that the last PPO step pushed.",
       static_cast<double>(metrics.weight_version())},
      {"tact_trainer_replay_difference", "Largest logprob difference of the last replay.",
       metrics.replay_difference()},
  }};
}

struct Phase {
  const char* name;
  double seconds;
};

std::array<Phase, 6> Phases(const v1::StepMetrics& metrics) {
  return {{{"rollout", metrics.rollout_seconds()},
           {"score", metrics.score_seconds()},
           {"wait", metrics.wait_seconds()},
           {"learn", metrics.learn_seconds()},
           {"push", metrics.push_seconds()},
           {"checkpoint", metrics.checkpoint_seconds()}}};
}

prometheus::Counter& PhaseSeconds(const char* phase) {
  return CounterMetric("tact_trainer_phase_seconds_total",
                       "Seconds of the parts of PPO steps; rollout and score may overlap the rest.",
                       {{"phase", phase}});
}

prometheus::Counter& DroppedRollouts() {
  return CounterMetric("tact_trainer_dropped_rollouts_total", "Rollouts that could not be scored.");
}

prometheus::Counter& RetriedScores() {
  return CounterMetric("tact_trainer_retried_scores_total", "Scores that were asked for again.");
}

}  // namespace

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
    GaugeMetric("tact_trainer_ppo_statistic", "Statistics of the last PPO step, under TRL's names.",
                {{"name", name}})
        .Set(number);
  }
}

prometheus::Counter& ReplayAlarms() {
  return CounterMetric("tact_trainer_replay_alarms_total",
                       "Pushes after which a replica computed other logprobs than the learner.");
}

void InitialisePpoMetrics() {
  ReplayAlarms();
  DroppedRollouts();
  RetriedScores();
  for (const Phase& phase : Phases({})) PhaseSeconds(phase.name);
}

void ExportPpoMetrics(const v1::StepMetrics& metrics) {
  for (const Number& number : Numbers(metrics))
    GaugeMetric(number.name, number.help).Set(number.value);
  DroppedRollouts().Increment(metrics.dropped_rollouts());
  RetriedScores().Increment(metrics.retried_scores());
  for (const Phase& phase : Phases(metrics)) PhaseSeconds(phase.name).Increment(phase.seconds);
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
