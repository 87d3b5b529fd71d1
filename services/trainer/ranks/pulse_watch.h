// Which rank has given no sign of life for too long: counters that each rank raises, and the times
// at which they were seen to grow.
#ifndef TACT_SERVICES_TRAINER_RANKS_PULSE_WATCH_H_
#define TACT_SERVICES_TRAINER_RANKS_PULSE_WATCH_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/time/time.h"

namespace tact {

class PulseWatch {
 public:
  struct Silent {
    int rank = 0;
    absl::Duration silence;
  };

  // The counter of a rank as it was seen at `now`. The first sight counts as a sign of life.
  void Observe(int rank, int64_t beats, absl::Time now) {
    const auto [it, added] = pulses_.try_emplace(rank, Pulse{beats, now, false});
    if (!added && it->second.beats != beats) it->second = {beats, now, true};
  }
  // True once its counter was seen to grow, until it has not for `limit`.
  bool IsAlive(int rank, absl::Duration limit, absl::Time now) const {
    const auto it = pulses_.find(rank);
    return it != pulses_.end() && it->second.has_grown && now - it->second.grown <= limit;
  }
  // The rank that has been silent longest, if that is longer than `limit`.
  std::optional<Silent> FindSilent(absl::Duration limit, absl::Time now) const {
    std::optional<Silent> found;
    for (const auto& [rank, pulse] : pulses_) {
      const absl::Duration silence = now - pulse.grown;
      if (silence > limit && (!found || silence > found->silence)) found = {rank, silence};
    }
    return found;
  }

 private:
  struct Pulse {
    int64_t beats = 0;
    absl::Time grown;
    bool has_grown = false;
  };
  std::map<int, Pulse> pulses_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_PULSE_WATCH_H_
