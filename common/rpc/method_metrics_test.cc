#include "common/rpc/method_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/handler.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

constexpr char kService[] = "tact.v1.PolicyService";

std::string Line(const std::string& metric, const std::string& method, const std::string& type,
                 const std::string& code, const std::string& value) {
  return metric + "{" + (code.empty() ? "" : "grpc_code=\"" + code + "\",") + "grpc_method=\"" +
         method + "\",grpc_service=\"tact.v1.PolicyService\",grpc_type=\"" + type + "\"} " + value +
         "\n";
}

grpc::Status Call(const char* method, const absl::Status& status, int sent = 0, int received = 0) {
  return HandleCall(kService, method, nullptr, [&] {
    for (int i = 0; i < sent; ++i) CountSentMessage();
    for (int i = 0; i < received; ++i) CountReceivedMessage();
    return status;
  });
}

// Names and labels as go-grpc-prometheus has them.
TEST(MethodMetricsTest, CallsAndMessagesAreCountedByTypeMethodAndCode) {
  const v1::GenerateRequest linked;  // the service's descriptors are in this program
  MethodMetrics::InitialiseAll(kService);
  EXPECT_THAT(MetricsText(),
              HasSubstr(Line("grpc_server_handled_total", "ListAdapters", "unary", "OK", "0")));
  Call("Generate", absl::OkStatus());
  Call("Generate", absl::InvalidArgumentError("bad"));
  Call("StreamRollouts", absl::CancelledError("gone"), 3);
  Call("PushWeights", absl::OkStatus(), 0, 5);
  const std::string text = MetricsText();
  for (const std::string& line : {
           Line("grpc_server_started_total", "Generate", "unary", "", "2"),
           Line("grpc_server_handled_total", "Generate", "unary", "OK", "1"),
           Line("grpc_server_handled_total", "Generate", "unary", "InvalidArgument", "1"),
           Line("grpc_server_handled_total", "Generate", "unary", "Internal", "0"),
           Line("grpc_server_msg_received_total", "Generate", "unary", "", "2"),
           Line("grpc_server_msg_sent_total", "Generate", "unary", "", "1"),
           Line("grpc_server_handling_seconds_count", "Generate", "unary", "", "2"),
           Line("grpc_server_handled_total", "StreamRollouts", "server_stream", "Canceled", "1"),
           Line("grpc_server_msg_sent_total", "StreamRollouts", "server_stream", "", "3"),
           Line("grpc_server_msg_received_total", "StreamRollouts", "server_stream", "", "1"),
           Line("grpc_server_msg_received_total", "PushWeights", "client_stream", "", "5"),
           Line("grpc_server_msg_sent_total", "PushWeights", "client_stream", "", "1"),
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MethodMetricsTest, CodesHaveTheNamesOfGo) {
  EXPECT_EQ(GoCodeName(absl::StatusCode::kOk), "OK");
  EXPECT_EQ(GoCodeName(absl::StatusCode::kCancelled), "Canceled");
  EXPECT_EQ(GoCodeName(absl::StatusCode::kUnauthenticated), "Unauthenticated");
  EXPECT_EQ(GoCodeName(static_cast<absl::StatusCode>(99)), "Unknown");
}

TEST(MethodMetricsTest, MessagesOutsideOfACallAreNobodys) {
  CountSentMessage();
  CountReceivedMessage();
}

}  // namespace
}  // namespace tact
