#include "common/rpc/condition.h"

#include <utility>

namespace tact {

void Condition::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  serving_ = serving;
  has_served_ = has_served_ || serving;
}

void Condition::SetTrouble(std::string reason, bool needs_restart) {
  absl::MutexLock lock(&mutex_);
  needs_restart_ = needs_restart && !reason.empty();
  trouble_ = std::move(reason);
}

Condition::Answer Condition::Ask() const {
  absl::MutexLock lock(&mutex_);
  if (!trouble_.empty()) return {false, !needs_restart_, "not ready: " + trouble_};
  if (serving_) return {true, true, "ready"};
  return {false, true, has_served_ ? "not ready: stopping" : "not ready: loading"};
}

}  // namespace tact
