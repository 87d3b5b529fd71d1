// The present for deadlines and pauses: a change of the machine's clock moves nothing that is
// waited for.
#ifndef TACT_COMMON_BASE_STEADY_TIME_H_
#define TACT_COMMON_BASE_STEADY_TIME_H_

#include <chrono>

#include "absl/time/time.h"

namespace tact {

// Runs with the steady clock from a beginning of its own; to be compared with itself only.
inline absl::Time SteadyNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace tact

#endif  // TACT_COMMON_BASE_STEADY_TIME_H_
