#include "common/rpc/deadline.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/base/steady_time.h"
#include "common/rpc/channel.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact {
namespace {

// Keeps what a call's deadline was.
class Deadlines final : public v1::PolicyService::Service {
 public:
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest*,
                        v1::GetModelResponse*) override {
    clock = context->raw_deadline().clock_type;
    left = SteadyDeadline(*context) - SteadyNow();
    return grpc::Status::OK;
  }
  gpr_clock_type clock = GPR_CLOCK_REALTIME;
  absl::Duration left;
};

// Calls with a deadline, or without.
absl::Duration LeftOfACall(std::optional<int> seconds, gpr_clock_type& clock) {
  Deadlines service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto stub = v1::PolicyService::NewStub(server->InProcessChannel({}));
  grpc::ClientContext context;
  if (seconds) SetDeadline(context, *seconds);
  v1::GetModelResponse response;
  EXPECT_TRUE(stub->GetModel(&context, {}, &response).ok());
  clock = service.clock;
  return service.left;
}

TEST(DeadlineTest, ACallsDeadlineNeverPassesThroughTheWallClock) {
  gpr_clock_type clock;
  const absl::Duration left = LeftOfACall(600, clock);
  EXPECT_EQ(clock, GPR_CLOCK_MONOTONIC);
  EXPECT_NEAR(absl::ToDoubleSeconds(left), 600, 60);
}

TEST(DeadlineTest, ACallWithoutADeadlineHasNone) {
  gpr_clock_type clock;
  EXPECT_EQ(LeftOfACall(std::nullopt, clock), absl::InfiniteDuration());
}

TEST(DeadlineTest, AMomentStaysAsFarAwayAsItIs) {
  for (const gpr_clock_type clock : {GPR_CLOCK_MONOTONIC, GPR_CLOCK_REALTIME}) {
    for (const int seconds : {-600, 0, 600}) {
      const gpr_timespec moment =
          gpr_time_add(gpr_now(clock), gpr_time_from_seconds(seconds, GPR_TIMESPAN));
      const absl::Duration left = ToSteadyTime(moment) - SteadyNow();
      EXPECT_NEAR(absl::ToDoubleSeconds(left), seconds, 60);
    }
    EXPECT_EQ(ToSteadyTime(gpr_inf_future(clock)), absl::InfiniteFuture());
  }
}

}  // namespace
}  // namespace tact
