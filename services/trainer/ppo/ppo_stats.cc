#include "services/trainer/ppo/ppo_stats.h"

#include <array>
#include <cmath>

namespace tact {
namespace {

struct Field {
  const char* name;  // trl's
  double MiniBatchStats::*number;
};

constexpr std::array<Field, 16> kFields = {{
    {"loss/policy", &MiniBatchStats::policy_loss},
    {"loss/value", &MiniBatchStats::value_loss},
    {"loss/total", &MiniBatchStats::total_loss},
    {"policy/entropy", &MiniBatchStats::entropy},
    {"policy/approxkl", &MiniBatchStats::approx_kl},
    {"policy/policykl", &MiniBatchStats::policy_kl},
    {"policy/clipfrac", &MiniBatchStats::clip_fraction},
    {"policy/advantages_mean", &MiniBatchStats::advantage_mean},
    {"returns/mean", &MiniBatchStats::return_mean},
    {"returns/var", &MiniBatchStats::return_variance},
    {"val/vpred", &MiniBatchStats::value_prediction},
    {"val/error", &MiniBatchStats::value_error},
    {"val/clipfrac", &MiniBatchStats::value_clip_fraction},
    {"val/mean", &MiniBatchStats::value_mean},
    {"val/var", &MiniBatchStats::value_variance},
    {"gradient_norm", &MiniBatchStats::grad_norm},
}};

}  // namespace

MeanAndStddev Summarise(const std::vector<double>& values) {
  if (values.empty()) return {};
  const double n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  for (const double value : values) squares += (value - sum / n) * (value - sum / n);
  return {sum / n, n > 1 ? std::sqrt(squares / (n - 1)) : 0};
}

double LearnStats::value_explained_variance() const {
  return mean.return_variance > 0 ? 1 - mean.value_error / mean.return_variance : 0;
}

std::vector<double*> NumbersOf(MiniBatchStats& stats) {
  std::vector<double*> out;
  for (const Field& field : kFields) out.push_back(&(stats.*field.number));
  return out;
}

void AddWeighted(double weight, const MiniBatchStats& part, MiniBatchStats& sum) {
  for (const Field& field : kFields) sum.*field.number += weight * part.*field.number;
}

NamedNumbers NameStats(const MiniBatchStats& stats) {
  NamedNumbers out;
  for (const Field& field : kFields) out.emplace_back(field.name, stats.*field.number);
  return out;
}

NamedNumbers NameStats(const LearnStats& stats) {
  NamedNumbers out = {
      {"objective/kl", stats.kl},
      {"objective/kl_coef", stats.kl_coef},
      {"objective/entropy", stats.sequence_entropy},
      {"ppo/mean_non_score_reward", stats.penalty},
      {"ppo/mean_scores", stats.scores.mean},
      {"ppo/std_scores", stats.scores.stddev},
      {"tokens/queries_len_mean", stats.prompt_tokens.mean},
      {"tokens/queries_len_std", stats.prompt_tokens.stddev},
      {"tokens/responses_len_mean", stats.response_tokens.mean},
      {"tokens/responses_len_std", stats.response_tokens.stddev},
      {"ppo/val/var_explained", stats.value_explained_variance()},
      {"ppo/learning_rate", stats.learning_rate},
  };
  for (const auto& [name, number] : NameStats(stats.mean)) out.emplace_back("ppo/" + name, number);
  return out;
}

}  // namespace tact
