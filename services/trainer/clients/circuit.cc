#include "services/trainer/clients/circuit.h"

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

void Circuits::Failed(size_t replica, bool slow, double now) {
  Circuit& circuit = circuits_[replica];
  ++circuit.failures;
  if (slow || circuit.failures >= settings_.failures) {
    circuit.avoid_until = now + settings_.avoid_seconds;
  }
}

}  // namespace tact
