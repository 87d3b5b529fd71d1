#include "common/rpc/roles.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "common/base/strings.h"
#include "common/rpc/address.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/method_rules.h"
#include "tact/v1/evaluation.pb.h"
#include "tact/v1/policy.pb.h"
#include "tact/v1/ranks.pb.h"
#include "tact/v1/reward.pb.h"
#include "tact/v1/trainer.pb.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

TEST(RolesTest, ACertificateNamesRolesByUnitOrSpiffeId) {
  EXPECT_EQ(CallerFrom({}, "alice", "OU=client,CN=alice").certificate_roles, kClient);
  EXPECT_EQ(CallerFrom({}, "a", "CN=a,OU=trainer+OU=admin").certificate_roles, kTrainer | kAdmin);
  const Caller trainer = CallerFrom({"https://x", "spiffe://tact/trainer/0"}, "cn", "OU=admin");
  EXPECT_EQ(trainer.identity, "spiffe://tact/trainer/0");
  EXPECT_EQ(trainer.certificate_roles, kTrainer);
}

// A common name is whatever its owner asked for; it must not pass for a unit.
TEST(RolesTest, ANameCannotSmuggleARoleIn) {
  for (const char* subject : {"CN=a\\,OU=admin", "CN=a\\+OU=admin", "CN=\\\\\\,OU=admin",
                              "OU=adminx,CN=a", "CN=OU=admin", "OU=,CN=a", "\\", "", "CN=a\\"}) {
    EXPECT_EQ(CallerFrom({}, "a", subject).certificate_roles, kNoRole) << subject;
  }
  for (const char* uri : {"spiffe://admin", "spiffe://", "spiffe:///", "spiffe://tact/x/admin"}) {
    EXPECT_EQ(CallerFrom({uri}, "a", "OU=admin").certificate_roles, kNoRole) << uri;
  }
}

TEST(RolesTest, AFileGivesAndTakesRoles) {
  const auto map = ParseRoleMap(R"({"identities": {"alice": ["client", "evaluator"], "bob": []}})",
                                "roles.json");
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(RolesOf(*map, {"alice", kAdmin}), kClient | kEvaluator);
  EXPECT_EQ(RolesOf(*map, {"bob", kAdmin}), kNoRole);
  EXPECT_EQ(RolesOf(*map, {"carol", kTrainer}), kTrainer);
  EXPECT_EQ(RolesOf(*ParseRoleMap(R"({"others": "none"})", "f"), {"carol", kTrainer}), kNoRole);
}

TEST(RolesTest, AWrongFileNamesItsField) {
  const struct {
    const char *text, *says;
  } cases[] = {{"", "not a JSON object"},
               {"[]", "not a JSON object"},
               {R"({"identities": []})", "identities"},
               {R"({"identities": {"a": "client"}})", "identities.a"},
               {R"({"identities": {"a": ["root"]}})", "not a role"},
               {R"({"others": 1})", "others"},
               {R"({"roles": {}})", "not a known field"}};
  for (const auto& one : cases) {
    const auto map = ParseRoleMap(one.text, "roles.json");
    EXPECT_THAT(std::string(map.status().message()), HasSubstr(one.says)) << one.text;
    EXPECT_THAT(std::string(map.status().message()), HasSubstr("roles.json")) << one.text;
  }
}

// What is wrong with a file is said without walking down all of it.
TEST(RolesTest, AFileOfAMillionBracketsIsOnlyWrong) {
  const std::string deep = std::string(400'000, '[') + std::string(400'000, ']');
  for (const char* field : {"others", "identities", "roles"}) {
    const auto map = ParseRoleMap(StrCat("{\"", field, "\": ", deep, "}"), "roles.json");
    EXPECT_THAT(std::string(map.status().message()), HasSubstr("found array")) << field;
  }
}

TEST(MethodRulesTest, EveryMethodOfEveryServiceHasARule) {
  for (const auto* file :
       {v1::GenerateRequest::descriptor()->file(), v1::ScoreRequest::descriptor()->file(),
        v1::CreateJobRequest::descriptor()->file(), v1::CompareRequest::descriptor()->file(),
        v1::OpenStoreRequest::descriptor()->file()}) {
    ASSERT_GT(file->service_count(), 0);
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto* method = file->service(i)->method(j);
        const std::string path = StrCat("/", file->service(i)->full_name(), "/", method->name());
        EXPECT_NE(FindMethodRule(path), nullptr) << path;
      }
    }
  }
}

TEST(MethodRulesTest, ARefusalNamesMethodCallerAndRoles) {
  const absl::Status status =
      CheckAccess({}, {"alice", kClient}, "/tact.v1.PolicyService/PushWeights");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  for (const char* part :
       {"tact.v1.PolicyService/PushWeights", "alice has client", "trainer, admin"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
  EXPECT_FALSE(CheckAccess({}, {"root", kAdmin}, "/tact.v1.PolicyService/NewMethod").ok());
  EXPECT_FALSE(CheckAccess({}, {"root", kAdmin}, "").ok());
  EXPECT_TRUE(CheckAccess({}, {"probe", kNoRole}, "/grpc.health.v1.Health/Check").ok());
  EXPECT_TRUE(CheckAccess({}, {"root", kAdmin}, "/tact.v1.PolicyService/PushWeights").ok());
}

TEST(AddressTest, LoopbackIsWhatTheKernelCallsLoopback) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host :
       {"", "0.0.0.0", "[::]", "127.example.com", "10.0.0.1", "[::2]", "localhost.example"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace tact
