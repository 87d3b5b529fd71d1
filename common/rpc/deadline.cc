#include "common/rpc/deadline.h"

#include "common/base/steady_time.h"

namespace tact {

absl::Time ToSteadyTime(gpr_timespec deadline) {
  const gpr_timespec steady = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  if (gpr_time_cmp(steady, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) {
    return absl::InfiniteFuture();
  }
  const gpr_timespec left = gpr_time_sub(steady, gpr_now(GPR_CLOCK_MONOTONIC));
  return SteadyNow() + absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

absl::Time SteadyDeadline(const grpc::ServerContextBase& context) {
  return ToSteadyTime(context.raw_deadline());
}

}  // namespace tact
