// The deadline of a call on the clock that SteadyNow reads: a change of the machine's clock, at
// whatever moment, neither ends a call early nor lets it run on.
#ifndef TACT_COMMON_RPC_DEADLINE_H_
#define TACT_COMMON_RPC_DEADLINE_H_

#include <grpc/support/time.h>
#include <grpcpp/server_context.h>

#include "absl/time/time.h"

namespace tact {

// As far from SteadyNow() as `deadline` is from now; infinite stays infinite.
absl::Time ToSteadyTime(gpr_timespec deadline);

// gRPC keeps a call's deadline by its own steady clock. context.deadline() would be that of the
// wall clock, and turning it back would be wrong by the clock's jump between the two.
absl::Time SteadyDeadline(const grpc::ServerContextBase& context);

}  // namespace tact

#endif  // TACT_COMMON_RPC_DEADLINE_H_
