// Which of several replicas is asked next, and which is left alone for a while because it failed or
// was slow (a circuit breaker each). Pure: times come in as values, in seconds.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_CIRCUIT_H_
#define TACT_SERVICES_TRAINER_CLIENTS_CIRCUIT_H_

#include <cstddef>
#include <set>
#include <vector>

namespace tact {

struct CircuitSettings {
  int failures = 3;  // in a row, and a replica is avoided
  // For so long; then one call may probe it, and its failure avoids it again, twice as long.
  double avoid_seconds = 5, most_avoid_seconds = 60;
  double slow_seconds = 3;  // a failure that takes longer avoids a replica at once
};

class Circuits {
 public:
  Circuits(size_t replicas, const CircuitSettings& settings);

  // The next in turn that is not avoided now and not in `except`. Where there is none: the one that
  // is not in `except` and is avoided the shortest; where all are in `except`, as if none were.
  size_t Choose(const std::set<size_t>& except, double now);

  void Succeeded(size_t replica);
  // The call has taken so many seconds.
  void Failed(size_t replica, double seconds, double now);
  bool IsAvoided(size_t replica, double now) const;

 private:
  struct Circuit {
    int failures = 0;         // in a row
    double avoid = 0;         // seconds of the last time it was avoided
    double avoid_until = -1;  // below now: may be asked
  };
  CircuitSettings settings_;
  std::vector<Circuit> circuits_;
  size_t next_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_CIRCUIT_H_
