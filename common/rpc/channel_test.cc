// What a client's channel does by itself: repeat what is safe, and nothing else; follow replicas.
#include "common/rpc/channel.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/rpc/method_rules.h"
#include "common/rpc/retry_policy.h"
#include "common/rpc/server.h"
#include "tact/v1/evaluation.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.pb.h"
#include "tact/v1/trainer.pb.h"

namespace tact {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Fails so many calls, then answers; remembers who called.
class Moody final : public v1::PolicyService::Service {
 public:
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest*,
                        v1::GetModelResponse*) override {
    return Answer(*context);
  }
  grpc::Status UnloadAdapter(grpc::ServerContext* context, const v1::UnloadAdapterRequest*,
                             v1::UnloadAdapterResponse*) override {
    return Answer(*context);
  }
  size_t peers() {
    const std::lock_guard lock(mutex_);
    return peers_.size();
  }

  std::atomic<int> calls = 0, failures = 0, milliseconds = 0;
  std::atomic<grpc::StatusCode> code = grpc::StatusCode::UNAVAILABLE;

 private:
  grpc::Status Answer(const grpc::ServerContext& context) {
    ++calls;
    {
      const std::lock_guard lock(mutex_);
      peers_.insert(context.peer());
    }
    absl::SleepFor(absl::Milliseconds(milliseconds.load()));
    if (failures-- > 0) return {code, "not now"};
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::set<std::string> peers_;
};

class ChannelTest : public ::testing::Test {
 protected:
  std::string Start(Moody& service, double age = 600) {
    ServerOptions options;
    options.connection_age_seconds = age;
    servers_.push_back(Server::Start(options, {&service}, {"tact.v1.PolicyService"}).value());
    servers_.back()->SetReady(true);
    return StrCat("127.0.0.1:", servers_.back()->port());
  }
  static grpc::Status GetModel(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    SetDeadline(context, 20);
    v1::GetModelResponse response;
    return v1::PolicyService::NewStub(channel)->GetModel(&context, {}, &response);
  }
  static grpc::Status Unload(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    SetDeadline(context, 20);
    v1::UnloadAdapterResponse response;
    return v1::PolicyService::NewStub(channel)->UnloadAdapter(&context, {}, &response);
  }

  std::vector<std::unique_ptr<Server>> servers_;
};

TEST_F(ChannelTest, OnlyWhatIsSafeIsRepeated) {
  Moody service;
  const std::string address = Start(service);
  const auto repeats = MakeChannel(address, {.repeat_safe_calls = true});
  const auto plain = MakeChannel(address);
  const struct {
    const char* what;
    bool repeat, reads;
    grpc::StatusCode code;
    int failures, attempts;
    bool ok;
  } cases[] = {
      {"a read, asked to repeat", true, true, grpc::StatusCode::UNAVAILABLE, 2, 3, true},
      {"a read that fails for good", true, true, grpc::StatusCode::UNAVAILABLE, 9, 3, false},
      {"a change is never repeated", true, false, grpc::StatusCode::UNAVAILABLE, 1, 1, false},
      {"the server may have begun", true, true, grpc::StatusCode::INTERNAL, 1, 1, false},
      {"full is full", true, true, grpc::StatusCode::RESOURCE_EXHAUSTED, 1, 1, false},
      {"not asked", false, true, grpc::StatusCode::UNAVAILABLE, 1, 1, false},
  };
  for (const auto& one : cases) {
    service.calls = 0;
    service.failures = one.failures;
    service.code = one.code;
    const auto& channel = one.repeat ? repeats : plain;
    const grpc::Status status = one.reads ? GetModel(channel) : Unload(channel);
    EXPECT_EQ(status.ok(), one.ok) << one.what;
    EXPECT_EQ(service.calls, one.attempts) << one.what;
  }
}

// Hedging would send a second copy while the first one is slow.
TEST_F(ChannelTest, ASlowCallIsSentOnce) {
  Moody first, second;
  first.milliseconds = second.milliseconds = 1500;
  const std::string address = StrCat("ipv4:", Start(first), ",", Start(second));
  EXPECT_TRUE(GetModel(MakeChannel(address, {.repeat_safe_calls = true})).ok());
  EXPECT_EQ(first.calls + second.calls, 1);
  EXPECT_THAT(RetryPolicyJson(), Not(HasSubstr("hedging")));
}

// Retries stop where most attempts fail, so that they do not add to an outage.
TEST_F(ChannelTest, AnOutageIsNotMadeWorse) {
  Moody service;
  const auto channel = MakeChannel(Start(service), {.repeat_safe_calls = true});
  service.failures = 1'000'000;
  for (int i = 0; i < 40; ++i) GetModel(channel);
  EXPECT_LT(service.calls, 40 + 15);
}

TEST(RetryPolicyTest, RepeatsNothingThatIsAuditedOrUnknown) {
  for (const std::string_view method : RepeatableMethods()) {
    const MethodRule* rule = FindMethodRule(method);
    ASSERT_NE(rule, nullptr) << method;
    EXPECT_FALSE(rule->audited) << method;
  }
  EXPECT_TRUE(nlohmann::json::accept(StrCat("{", RetryPolicyJson(), "}")));
}

// A read that somebody adds is to be listed, or to be marked as one that changes something.
TEST(RetryPolicyTest, EveryMethodIsRepeatableAuditedOrOfTheTrainer) {
  for (const MethodRule& rule : MethodRules()) {
    const auto methods = RepeatableMethods();
    const bool repeatable = std::find(methods.begin(), methods.end(), rule.path) != methods.end();
    const bool of_trainer = rule.path.find("RankStore") != rule.path.npos ||
                            rule.path.ends_with("StreamRollouts") ||
                            rule.path.ends_with("Health/Watch");
    EXPECT_TRUE(repeatable || rule.audited || of_trainer) << rule.path;
  }
}

// Behind a headless name a client learns of a new replica when it connects anew.
TEST_F(ChannelTest, ConnectionsAreRenewedAndNoCallIsLost) {
  Moody aging, lasting;
  const auto renewed = MakeChannel(Start(aging, 0.5));
  const auto kept = MakeChannel(Start(lasting, 0));
  for (int i = 0; i < 200'000 && aging.peers() < 3; ++i) {
    const grpc::Status status = GetModel(renewed);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_TRUE(GetModel(kept).ok());
  }
  EXPECT_GE(aging.peers(), 3u);
  EXPECT_EQ(lasting.peers(), 1u);
}

// A call that is longer than its connection may be ends in peace.
TEST_F(ChannelTest, ALongCallOutlivesItsConnection) {
  Moody service;
  service.milliseconds = 2500;
  EXPECT_TRUE(GetModel(MakeChannel(Start(service, 0.5))).ok());
}

}  // namespace
}  // namespace tact
