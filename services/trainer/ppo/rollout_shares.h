// Which replica makes which rollouts of one collection. Pure: times come in as values.
#ifndef TACT_SERVICES_TRAINER_PPO_ROLLOUT_SHARES_H_
#define TACT_SERVICES_TRAINER_PPO_ROLLOUT_SHARES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace tact {

// Every prompt is open until somebody has answered it; the first answer counts. A replica holds the
// prompts of its stream. What it loses goes to the others; what it sits on without any answer for
// `patience` seconds is given to an idle one as well.
class RolloutShares {
 public:
  RolloutShares(const std::vector<uint64_t>& prompts, size_t replicas, double patience);

  // What `replica`, which holds nothing, is to make next; `ready` are those that may be asked now,
  // itself included: they get equal shares. Empty where there is nothing for it now.
  std::vector<uint64_t> Next(size_t replica, const std::vector<size_t>& ready, double now);
  // True if this is the first answer to the prompt.
  bool Take(uint64_t prompt, size_t replica, double now);
  // Its stream has ended. Returns how many of its prompts are still open.
  size_t Return(size_t replica);

  bool Holds(size_t replica) const;  // prompts that are still open
  bool Done() const { return open_.empty(); }

 private:
  std::vector<uint64_t> Unassigned() const;
  std::vector<uint64_t> Stalled(size_t replica, double now) const;

  std::map<uint64_t, std::set<size_t>> open_;  // with the replicas that hold it
  std::vector<double> progress_;               // when each began or answered last
  const double patience_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUT_SHARES_H_
