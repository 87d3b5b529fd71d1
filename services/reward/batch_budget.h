// How many tokens one run of the classifier may have: enough to keep the CPU busy, and no more than
// can be done before the first of its texts is due. Pure.
#ifndef TACT_SERVICES_REWARD_BATCH_BUDGET_H_
#define TACT_SERVICES_REWARD_BATCH_BUDGET_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace tact {

class BatchBudget {
 public:
  explicit BatchBudget(int64_t max_tokens) : max_tokens_(max_tokens) {}

  // A run of `tokens` has taken `seconds`. Recent runs count most.
  void Observe(int64_t tokens, double seconds) {
    if (tokens <= 0 || !(seconds > 0)) return;
    const double pace = static_cast<double>(tokens) / seconds;
    pace_ = pace_ == 0 ? pace : (1 - kNew) * pace_ + kNew * pace;
  }

  // Of a run that begins `now` and whose most urgent text is due at `due`. The maximum until a pace
  // is known.
  int64_t Tokens(absl::Time now, absl::Time due) const {
    if (pace_ == 0 || due == absl::InfiniteFuture()) return max_tokens_;
    const double fit = kShare * pace_ * std::max(0.0, absl::ToDoubleSeconds(due - now));
    return static_cast<int64_t>(std::min(fit, static_cast<double>(max_tokens_)));
  }

 private:
  static constexpr double kNew = 0.3;    // weight of the latest run
  static constexpr double kShare = 0.7;  // of the time left: runs differ, answers travel

  int64_t max_tokens_;
  double pace_ = 0;  // tokens per second; 0 before the first run
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_BATCH_BUDGET_H_
