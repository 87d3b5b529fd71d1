#include "services/trainer/clients/circuit.h"

#include <algorithm>

namespace tact {

Circuits::Circuits(size_t replicas, const CircuitSettings& settings)
    : settings_(settings), circuits_(replicas) {}

bool Circuits::IsAvoided(size_t replica, double now) const {
  return now < circuits_[replica].avoid_until;
}

size_t Circuits::Choose(const std::set<size_t>& except, double now) {
  const bool any = except.size() < circuits_.size();
  const size_t none = circuits_.size();
  size_t best = none;
  for (size_t k = 0; k < circuits_.size(); ++k) {
    const size_t i = (next_ + k) % circuits_.size();
    if (any && except.contains(i)) continue;
    if (!IsAvoided(i, now)) {
      best = i;
      break;
    }
    if (best == none || circuits_[i].avoid_until < circuits_[best].avoid_until) best = i;
  }
  next_ = best + 1;
  return best;
}

void Circuits::Succeeded(size_t replica) { circuits_[replica] = {}; }

void Circuits::Failed(size_t replica, double seconds, double now) {
  Circuit& circuit = circuits_[replica];
  if (++circuit.failures < settings_.failures && seconds < settings_.slow_seconds) return;
  circuit.failures = settings_.failures;
  circuit.avoid = circuit.avoid == 0 ? settings_.avoid_seconds
                                     : std::min(2 * circuit.avoid, settings_.most_avoid_seconds);
  circuit.avoid_until = now + circuit.avoid;
}

}  // namespace tact
