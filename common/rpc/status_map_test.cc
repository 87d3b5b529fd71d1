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

// A message that is too long for the metadata would reach nobody.
TEST(StatusMapTest, ALongMessageIsCutAtACharacter) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "\u00e9";
  const grpc::Status wire = ToGrpcStatus(absl::InvalidArgumentError(text), nullptr);
  EXPECT_LT(wire.error_message().size(), 1600u);
  EXPECT_EQ(wire.error_message(), text.substr(0, wire.error_message().size() - 3) + "...");
}

TEST(StatusMapTest, AServiceThatIsDownIsNamed) {
  const grpc::Status wire(grpc::StatusCode::UNAVAILABLE, "refused");
  EXPECT_EQ(FromGrpcStatus(wire, "policy at 127.0.0.1:7001").message(),
            "policy at 127.0.0.1:7001: refused");
}

}  // namespace
}  // namespace tact
