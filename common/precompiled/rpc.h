// plain.h and the stubs of every service, compiled once for what talks gRPC.
#ifndef TACT_COMMON_PRECOMPILED_RPC_H_
#define TACT_COMMON_PRECOMPILED_RPC_H_

#include <grpcpp/grpcpp.h>

#include "common/precompiled/plain.h"
#include "tact/v1/evaluation.grpc.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"

#endif  // TACT_COMMON_PRECOMPILED_RPC_H_
