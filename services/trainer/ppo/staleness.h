// How far generation may run ahead of learning (AReaL's staleness control, Fu et al., 2025, counted
// in whole batches). Step n learns from batch n; with n steps done, the policy is at version n.
#ifndef TACT_SERVICES_TRAINER_PPO_STALENESS_H_
#define TACT_SERVICES_TRAINER_PPO_STALENESS_H_

#include <algorithm>
#include <cstdint>

namespace tact {

class StalenessController {
 public:
  // 0 is strictly on-policy.
  StalenessController(uint32_t max_staleness, uint32_t total_steps)
      : max_staleness_(max_staleness), total_steps_(total_steps) {}

  // One past the last batch that may be begun by the policy of `done` steps: batch b is learnt from
  // when b steps are done, and is then at most max_staleness versions old.
  uint32_t End(uint32_t done) const {
    return std::min<uint64_t>(uint64_t{done} + max_staleness_ + 1, total_steps_);
  }
  // One past the last batch that a policy before the one of `done` steps has begun: the present
  // policy could not make those below again.
  uint32_t OlderEnd(uint32_t done) const { return done + max_staleness_; }

 private:
  uint32_t max_staleness_;
  uint32_t total_steps_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_STALENESS_H_
