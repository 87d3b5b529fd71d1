#include "services/trainer/ppo/guards.h"

#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

struct Guard {
  const char* name;
  bool on;
  bool trips;
  double found;
  const char* what;  // "the KL is", and what it is compared with
  double limit;
};

std::vector<Guard> Look(const v1::CollapseGuards& g, const v1::StepMetrics& m, double first) {
  const double shortest = g.min_length_ratio() * first, longest = g.max_length_ratio() * first;
  return {
      {"max_kl", g.max_kl() > 0, m.kl() > g.max_kl(), m.kl(), "KL against the reference above",
       g.max_kl()},
      {"min_length_ratio", g.min_length_ratio() > 0, m.response_tokens() < shortest,
       m.response_tokens(), "mean tokens of a response below", shortest},
      {"max_length_ratio", g.max_length_ratio() > 0, m.response_tokens() > longest,
       m.response_tokens(), "mean tokens of a response above", longest},
      {"min_distinct_2", g.min_distinct_2() > 0, m.distinct_2() < g.min_distinct_2(),
       m.distinct_2(), "share of different token pairs below", g.min_distinct_2()},
      {"min_reward_stddev", g.min_reward_stddev() > 0, m.reward_stddev() < g.min_reward_stddev(),
       m.reward_stddev(), "standard deviation of the rewards below", g.min_reward_stddev()},
  };
}

absl::Status Collapse(const Guard& guard, uint32_t step) {
  const std::string field = StrCat("spec.ppo.guards.", guard.name);
  const std::string found = StrCat(guard.found);
  const char* fix =
      "look at its samples, then resume it, or cancel it and create it with a lower "
      "optimizer.learning_rate, a higher ppo.init_kl_coef or a wider guard";
  return WithErrorDetail(absl::FailedPreconditionError(
                             StrCat("the policy collapses at step ", step, ": ", guard.what, " ",
                                    guard.limit, " (", field, "), found ", found, "; ", fix)),
                         {"COLLAPSE", field, found, fix});
}

}  // namespace

absl::Status GuardWatch::Observe(const v1::StepMetrics& metrics, double first_tokens) {
  for (const Guard& guard : Look(guards_, metrics, first_tokens)) {
    uint32_t& tripped = tripped_[guard.name];
    tripped = guard.on && guard.trips ? tripped + 1 : 0;
    if (tripped >= guards_.patience() && tripped > 0) return Collapse(guard, metrics.step());
  }
  return absl::OkStatus();
}

}  // namespace tact
