// Calls that no handler sees are counted by their reason; those that a handler answers are not.
#include "common/rpc/refusals.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <future>
#include <sstream>

#include "absl/strings/numbers.h"
#include "common/base/metrics.h"
#include "common/base/strings.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/channel.h"
#include "common/rpc/handler.h"
#include "common/rpc/server.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class RefusingReward final : public v1::RewardService::Service {
  grpc::Status Score(grpc::ServerContext* context, const v1::ScoreRequest*,
                     v1::ScoreResponse*) override {
    return HandleCall("tact.v1.RewardService", "Score", context,
                      [] { return absl::InvalidArgumentError("a handler's own refusal"); });
  }
};

double Count(const std::string& reason) {
  std::istringstream text(MetricsText());
  const std::string begin = StrCat("tact_refused_calls_total{reason=\"", reason, "\"} ");
  for (std::string line; std::getline(text, line);) {
    double value = 0;
    if (line.starts_with(begin) && absl::SimpleAtod(line.substr(begin.size()), &value)) {
      return value;
    }
  }
  return -1;
}

class RefusalsTest : public ::testing::Test {
 protected:
  RefusalsTest() {
    ServerOptions options;
    options.max_message_bytes = 1 << 20;
    server_ = Server::Start(options, {&service_, &streams_}, {"tact.v1.RewardService"}).value();
    channel_ = MakeChannel(StrCat("127.0.0.1:", server_->port()));
  }

  // Sends bytes as they are.
  grpc::Status Call(const std::string& method, const std::string& bytes) {
    grpc::ClientContext context;
    SetDeadline(context, 20);
    grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel_);
    const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  RefusingReward service_;
  v1::PolicyService::Service streams_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

constexpr char kScore[] = "/tact.v1.RewardService/Score";

TEST_F(RefusalsTest, EveryReasonIsThereFromTheStart) {
  for (const char* reason : {"role", "unknown_method", "unreadable", "busy"}) {
    EXPECT_GE(Count(reason), 0) << reason;
  }
}

TEST_F(RefusalsTest, AMethodThatIsNotThereIsNamedAndCounted) {
  const double before = Count("unknown_method");
  const grpc::Status status = Call("/tact.v1.RewardService/Praise", "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("/tact.v1.RewardService/Praise"));
  EXPECT_EQ(Call("/nobody/knows", "x").error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(Count("unknown_method"), before + 2);
}

TEST_F(RefusalsTest, BytesThatAreNoRequestAreCounted) {
  const double before = Count("unreadable");
  EXPECT_EQ(Call(kScore, "\xff\xff").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(kScore, "\n\3\n\1\xff").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Count("unreadable"), before + 2);
}

// Where the answer is a stream, gRPC itself would say INTERNAL and nothing else.
TEST_F(RefusalsTest, BytesThatAreNoRequestOfAStreamAreExplained) {
  const double before = Count("unreadable");
  for (const char* bytes : {"\xff\xff", "\n\3\n\1\xff"}) {
    const grpc::Status status = Call("/tact.v1.PolicyService/StreamGenerate", bytes);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("UTF-8"));
  }
  EXPECT_EQ(Count("unreadable"), before + 2);
}

TEST_F(RefusalsTest, WhatAHandlerRefusesIsNotCounted) {
  const double before = Count("unreadable");
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Call(kScore, "").error_message(), HasSubstr("a handler's own"));
  }
  EXPECT_EQ(Count("unreadable"), before);
}

}  // namespace
}  // namespace tact
