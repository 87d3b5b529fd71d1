// What a PPO step measures: every number of trl 0.4.2's statistics.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_STATS_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_STATS_H_

#include <string>
#include <utility>
#include <vector>

namespace tact {

// Of one mini-batch, before its update; means over the tokens that are learnt from.
struct MiniBatchStats {
  double policy_loss = 0;
  double value_loss = 0;  // not yet times vf_coef
  double total_loss = 0;
  double entropy = 0;        // of the next-token distributions
  double approx_kl = 0;      // (logprob - old logprob)^2 / 2
  double policy_kl = 0;      // old logprob - logprob
  double clip_fraction = 0;  // of the policy's ratio
  double advantage_mean = 0;
  double return_mean = 0;
  double return_variance = 0;
  double value_prediction = 0;  // of the value head now
  double value_error = 0;       // (value - return)^2
  double value_clip_fraction = 0;
  double value_mean = 0;      // of the value head before the step
  double value_variance = 0;  // likewise
  double grad_norm = 0;       // before clipping
};

struct MeanAndStddev {
  double mean = 0;
  double stddev = 0;  // with Bessel's correction; 0 of one number
};
MeanAndStddev Summarise(const std::vector<double>& values);

// Of a whole step. `mean` is over its mini-batches, weighted by their rollouts.
struct LearnStats {
  MiniBatchStats mean;
  double kl = 0;  // mean over the batch of a response's summed KL, before the update
  double kl_coef = 0;
  double sequence_entropy = 0;    // mean over the batch of a response's summed -logprob
  double penalty = 0;             // mean over learnt tokens of -kl_coef KL
  MeanAndStddev scores;           // as they were learnt from
  MeanAndStddev prompt_tokens;    // end token included
  MeanAndStddev response_tokens;  // as the decoder reads them: start and end token included
  double learning_rate = 0;

  double value_explained_variance() const;  // 1 - value_error / return_variance
};

// Each of its numbers, in a fixed order.
std::vector<double*> NumbersOf(MiniBatchStats& stats);
void AddWeighted(double weight, const MiniBatchStats& part, MiniBatchStats& sum);

using NamedNumbers = std::vector<std::pair<std::string, double>>;
// Under trl's names ("policy/approxkl"; of a step "ppo/policy/approxkl", "objective/kl" ...), with
// "gradient_norm", which trl does not tell.
NamedNumbers NameStats(const MiniBatchStats& stats);
NamedNumbers NameStats(const LearnStats& stats);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_STATS_H_
