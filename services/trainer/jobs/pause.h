// Which failures set a job aside instead of ending it: those that a person can mend, after which
// the job goes on from its newest good checkpoint.
#ifndef TACT_SERVICES_TRAINER_JOBS_PAUSE_H_
#define TACT_SERVICES_TRAINER_JOBS_PAUSE_H_

#include "absl/status/status.h"
#include "common/base/status.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// By the reason that the status carries (ErrorDetail): "DISK_FULL", "NOT_FINITE", "COLLAPSE",
// "NO_MEMORY". UNSPECIFIED for any other status.
inline v1::PauseReason PauseReasonOf(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  if (!detail) return v1::PAUSE_REASON_UNSPECIFIED;
  if (detail->reason == "DISK_FULL") return v1::PAUSE_REASON_DISK_FULL;
  if (detail->reason == "NOT_FINITE") return v1::PAUSE_REASON_NOT_FINITE;
  if (detail->reason == "COLLAPSE") return v1::PAUSE_REASON_COLLAPSE;
  if (detail->reason == "NO_MEMORY") return v1::PAUSE_REASON_MEMORY;
  return v1::PAUSE_REASON_UNSPECIFIED;
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_PAUSE_H_
