#include "common/rpc/status_map.h"

#include <gtest/gtest.h>

namespace tact {
namespace {

TEST(StatusMapTest, EveryCodeKeepsItsNumberAndText) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "text");
    const grpc::Status wire = ToGrpcStatus(status, nullptr);
    EXPECT_EQ(static_cast<int>(wire.error_code()), code);
    EXPECT_EQ(FromGrpcStatus(wire, "peer").code(), status.code());
  }
  EXPECT_TRUE(FromGrpcStatus(ToGrpcStatus(absl::OkStatus(), nullptr), "peer").ok());
}

TEST(StatusMapTest, AServiceThatIsDownIsNamed) {
  const grpc::Status wire(grpc::StatusCode::UNAVAILABLE, "refused");
  EXPECT_EQ(FromGrpcStatus(wire, "policy at 127.0.0.1:7001").message(),
            "policy at 127.0.0.1:7001: refused");
}

}  // namespace
}  // namespace tact
