// status, adapters, evaluations, generate --stream and exit codes against services with known
// answers.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "services/tactctl/piece_order.h"
#include "services/tactctl/replica_report.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

using tact::testing::FakeCluster;
using tact::testing::Finished;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServiceCommandsTest : public CommandsTest {
 protected:
  // All services on two replicas.
  Finished RunOnBoth(std::vector<std::string> arguments) {
    const std::string both = cluster_.address + "," + other_.address;
    for (const char* flag : {"--policy", "--reward", "--trainer", "--evaluation"}) {
      arguments.insert(arguments.end(), {flag, both});
    }
    return RunBare(arguments);
  }
  FakeCluster other_;
};

TEST_F(ServiceCommandsTest, StatusAsksEveryReplica) {
  const Finished run = RunOnBoth({"status", "-o", "json"});
  EXPECT_EQ(run.code, 0) << run.err;
  const auto all = nlohmann::json::parse(run.out);
  ASSERT_EQ(all.size(), 8u);
  EXPECT_EQ(all[0]["address"], cluster_.address);
  EXPECT_EQ(all[1]["address"], other_.address);
  EXPECT_EQ(all[1]["service"], "policy");
  EXPECT_EQ(all[1]["health"], "serving");
  EXPECT_EQ(all[1]["models"][0]["name"], "base");
  EXPECT_THAT(all[1]["version"].get<std::string>(), HasSubstr("+"));
  EXPECT_GE(all[1]["uptime_seconds"].get<double>(), 0);
  EXPECT_LT(std::abs(all[1]["clock_skew_seconds"].get<double>()), 10);
}

TEST_F(ServiceCommandsTest, StatusTellsReplicasThatDifferAndThatAreAway) {
  other_.policy.adapters["polite"].set_name("polite");
  EXPECT_THAT(RunOnBoth({"status"}).err,
              HasSubstr("replicas differ: polite: not served on " + cluster_.address));
  other_.server->Shutdown();
  const Finished run = RunOnBoth({"status"});
  EXPECT_EQ(run.code, 14);
  EXPECT_THAT(run.out, HasSubstr("unreachable"));
  EXPECT_EQ(RunOnBoth({"generate", "Hello"}).out, "Hello said\n") << "the other replica serves";
}

TEST(ReplicasTest, AddressesNameTheirReplicas) {
  const auto of = [](const std::string& address) {
    std::vector<std::string> out;
    const auto replicas = FindReplicas({"policy", address});
    if (!replicas.ok()) return std::vector<std::string>{std::string(replicas.status().message())};
    for (const Replica& one : *replicas) out.push_back(one.address + " " + one.tls_name);
    return out;
  };
  EXPECT_THAT(of("h:1"), ElementsAre("h:1 "));
  EXPECT_THAT(of("h:1,[::1]:2"), ElementsAre("h:1 ", "[::1]:2 "));
  EXPECT_THAT(of("ipv4:1.2.3.4:5,1.2.3.5:5"), ElementsAre("1.2.3.4:5 ", "1.2.3.5:5 "));
  EXPECT_THAT(of("dns:///127.0.0.1:7"), ElementsAre("127.0.0.1:7 127.0.0.1"));
  EXPECT_THAT(of("h:1,h"), ElementsAre(HasSubstr("--policy")));
}

TEST_F(ServiceCommandsTest, AdaptersAreLoadedOnEveryReplica) {
  const Finished load = RunOnBoth({"adapters", "load", "polite", "a/b"});
  EXPECT_EQ(load.code, 0) << load.err;
  EXPECT_EQ(cluster_.policy.adapters.size(), 1u);
  EXPECT_EQ(other_.policy.adapters.size(), 1u);
  EXPECT_THAT(RunOnBoth({"adapters", "list"}).out,
              AllOf(HasSubstr("polite"), HasSubstr(cluster_.address), HasSubstr(other_.address)));
  other_.policy.adapters.clear();
  const Finished unload = RunOnBoth({"adapters", "unload", "polite", "-o", "json"});
  EXPECT_EQ(unload.code, 5);
  EXPECT_THAT(unload.err, HasSubstr("replica " + other_.address));
  EXPECT_EQ(nlohmann::json::parse(unload.out)[0]["adapters"][0]["name"], "polite");
}

TEST_F(ServiceCommandsTest, EvaluationsAreListedByPagesAndShown) {
  const Finished one = Run({"evaluations", "list", "--limit", "1"});
  EXPECT_THAT(one.out, AllOf(HasSubstr("eval-1"), HasSubstr("succeeded"), HasSubstr("0.5000")));
  EXPECT_THAT(one.err, HasSubstr("there are more: --page-token 2"));
  EXPECT_THAT(Run({"evaluations", "list"}).out, HasSubstr("eval-2"));
  EXPECT_THAT(Run({"evaluations", "show", "eval-1", "--examples", "2"}).out,
              AllOf(HasSubstr("toxicity"), HasSubstr("0.2500"), HasSubstr("Bob left 1"),
                    ::testing::Not(HasSubstr("Bob left 2"))));
  EXPECT_EQ(nlohmann::json::parse(Run({"evaluations", "show", "eval-1", "-o", "json"}).out)["id"],
            "eval-1");
  EXPECT_EQ(Run({"evaluations", "show", "eval-9"}).code, 5);
}

TEST_F(ServiceCommandsTest, StreamsEndAsTheCallWithoutStreamDoes) {
  EXPECT_EQ(Run({"generate", "--stream", "Hello"}).out, "Hello said\n");
  EXPECT_EQ(Run({"generate", "--stream", "one", "two"}).out, "one said\ntwo said\n");
  EXPECT_EQ(Run({"generate", "--stream", "one", "two", "-o", "json"}).out,
            Run({"generate", "one", "two", "-o", "json"}).out);
  const std::string lines = Run({"generate", "--stream", "one", "-o", "jsonl"}).out;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_EQ(Run({"generate", "--stream", "x", "--model", "none"}).code, 5);
}

TEST(PieceOrderTest, LaterResponsesWaitForTheirTurn) {
  PieceOrder order(3);
  EXPECT_EQ(order.Take(1, "b", false), "");
  EXPECT_EQ(order.Take(0, "a", false), "a");
  EXPECT_EQ(order.Take(2, "c", true), "");
  EXPECT_EQ(order.Take(0, "A", true), "A\nb");
  EXPECT_FALSE(order.done());
  EXPECT_EQ(order.Take(1, "B", true), "B\nc\n");
  EXPECT_TRUE(order.done());
}

TEST_F(ServiceCommandsTest, ExitCodesAreTheGrpcStatus) {
  for (int code = 1; code <= 16; ++code) {
    const Finished run = Run({"generate", "x", "--model", StrCat("code-", code)});
    EXPECT_EQ(run.code, code) << run.err;
    EXPECT_THAT(run.err, HasSubstr("tactctl: "));
  }
}

}  // namespace
}  // namespace tact::ctl
