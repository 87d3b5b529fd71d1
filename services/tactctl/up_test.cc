// tactctl up, down and status as processes, with small services in place of the real ones.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/strings.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/ports.h"
#include "services/tactctl/supervisor.h"
#include "services/tactctl/testing/subprocess.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;
using tact::testing::Background;
using tact::testing::Binary;
using tact::testing::Finished;
using tact::testing::IsAlive;
using tact::testing::RunProgram;
using tact::testing::TempFolder;
using tact::testing::WaitFor;
using ::testing::AllOf;
using ::testing::HasSubstr;

class UpTest : public ::testing::Test {
 protected:
  UpTest() {
    fs::create_directories(folder_.path() / "bin");
    fs::create_directories(folder_.path() / "models");
    for (const ServiceEntry& service : kServices) {
      fs::create_symlink(fs::path(TACT_FAKE_SERVICE),
                         folder_.path() / "bin" / StrCat("tact-", service.name));
    }
  }
  ~UpTest() override { unsetenv("FAKE_FAIL"); }

  std::vector<std::string> Up(std::vector<std::string> more = {}) {
    std::vector<std::string> command = {Binary("tactctl"), "up",
                                        "--ports",         "0",
                                        "--bin-dir",       (folder_.path() / "bin").string(),
                                        "--models",        (folder_.path() / "models").string(),
                                        "--data-dir",      data_dir().string()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  std::unique_ptr<Background> StartUp() {
    auto up = std::make_unique<Background>(Up(), folder_.path() / "out", folder_.path() / "err");
    EXPECT_TRUE(WaitFor([&] { return up->out().find("ready in") != std::string::npos; }))
        << up->err();
    return up;
  }

  Finished Tactctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), Binary("tactctl"));
    return RunProgram(arguments);
  }

  pid_t PidOf(const std::string& name) {
    const auto cluster = ReadClusterFile(data_dir());
    if (!cluster.ok()) return 0;
    for (const ClusterMember& member : cluster->members) {
      if (member.name == name) return member.pid;
    }
    return 0;
  }

  std::vector<pid_t> Pids() {
    std::vector<pid_t> pids;
    for (const ServiceEntry& service : kServices) {
      pids.push_back(PidOf(std::string(service.name)));
    }
    return pids;
  }

  static bool AllGone(const std::vector<pid_t>& pids) {
    return std::none_of(pids.begin(), pids.end(), IsAlive);
  }

  fs::path data_dir() const { return folder_.path() / "data"; }

  TempFolder folder_;
};

TEST_F(UpTest, RunsUntilStoppedAndLeavesNothingBehind) {
  const auto up = StartUp();
  const std::vector<pid_t> pids = Pids();
  for (const pid_t pid : pids) EXPECT_TRUE(IsAlive(pid));
  const Finished status = Tactctl({"status", "--cluster", data_dir().string()});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("trainer"));
  EXPECT_THAT(RunProgram(Up()).err, HasSubstr("a cluster runs there already"));
  up->Signal(SIGINT);
  EXPECT_EQ(up->Wait(60), 0);
  EXPECT_TRUE(AllGone(pids));
}

TEST_F(UpTest, WithTlsFollowingCommandsFindTheirCertificates) {
  const Finished up = RunProgram(Up({"--detach", "--tls"}));
  ASSERT_EQ(up.code, 0) << up.err;
  EXPECT_THAT(up.out, HasSubstr("export TACT_CLUSTER="));
  const Finished status = Tactctl({"status", "--cluster", data_dir().string()});
  EXPECT_EQ(status.code, 0) << status.out << status.err;
  const auto cluster = ReadClusterFile(data_dir());
  ASSERT_TRUE(cluster.ok());
  EXPECT_EQ(cluster->tls.ca, (data_dir() / "certificates" / "ca.pem").string());
  const auto perms = fs::status(data_dir() / "certificates" / "admin.key").permissions();
  EXPECT_EQ(perms, fs::perms::owner_read | fs::perms::owner_write);
  // Without certificates nobody gets in.
  const Finished plain = Tactctl({"status", "--policy", cluster->AddressOf("policy")});
  EXPECT_EQ(plain.code, 14);
  const std::string authority = tact::testing::ReadAll(cluster->tls.ca);
  EXPECT_EQ(Tactctl({"down", "--data-dir", data_dir().string()}).code, 0);
  EXPECT_EQ(RunProgram(Up({"--detach", "--tls"})).code, 0);
  EXPECT_EQ(tact::testing::ReadAll(cluster->tls.ca), authority) << "clients trust it";
  EXPECT_EQ(Tactctl({"down", "--data-dir", data_dir().string()}).code, 0);
}

TEST_F(UpTest, AServiceThatDiedIsStartedAgain) {
  const auto up = StartUp();
  const std::vector<pid_t> before = Pids();
  ASSERT_GT(PidOf("reward"), 0) << up->err();  // 0 would kill this test's own group
  kill(PidOf("reward"), SIGKILL);
  EXPECT_TRUE(WaitFor([&] { return PidOf("reward") != before[1] && IsAlive(PidOf("reward")); }));
  EXPECT_THAT(up->err(),
              AllOf(HasSubstr("tact-reward ended (signal 9 (Killed)); starting it again"),
                    HasSubstr("tact-reward started again")));
  EXPECT_EQ(PidOf("policy"), before[0]);
  EXPECT_TRUE(WaitFor([&] {
    return Tactctl({"status", "--cluster", data_dir().string()}).code == 0;
  }));
}

TEST_F(UpTest, ServicesDoNotOutliveAKilledTactctl) {
  const auto up = StartUp();
  const std::vector<pid_t> pids = Pids();
  up->Signal(SIGKILL);
  EXPECT_TRUE(WaitFor([&] { return AllGone(pids); }));
}

TEST_F(UpTest, AFailedStartShowsTheLastLinesAndStopsTheOthers) {
  setenv("FAKE_FAIL", "tact-reward", 1);
  const Finished run = RunProgram(Up());
  EXPECT_EQ(run.code, 9);
  EXPECT_THAT(run.err, AllOf(HasSubstr("tact-reward ended at its start (exit code 3)"),
                             HasSubstr("no config.json; name another folder")));
}

TEST_F(UpTest, DetachedItRunsUntilDown) {
  const Finished up = RunProgram(Up({"--detach"}));
  EXPECT_EQ(up.code, 0) << up.err;
  EXPECT_THAT(up.out, HasSubstr("stop it with: tactctl down --data-dir"));
  const std::vector<pid_t> pids = Pids();
  EXPECT_TRUE(IsAlive(pids[0]));
  EXPECT_EQ(Tactctl({"down", "--data-dir", data_dir().string()}).out, "stopped\n");
  EXPECT_TRUE(AllGone(pids));
  const Finished again = Tactctl({"down", "--data-dir", data_dir().string()});
  EXPECT_EQ(again.code, 5);
  EXPECT_THAT(again.err, HasSubstr("no cluster runs there"));
}

TEST_F(UpTest, ADetachedStartThatFailsSaysSo) {
  setenv("FAKE_FAIL", "tact-policy", 1);
  const Finished run = RunProgram(Up({"--detach"}));
  EXPECT_EQ(run.code, 9);
  EXPECT_THAT(run.err, HasSubstr("tact-policy ended at its start"));
}

TEST_F(UpTest, WrongFlagsNameTheirCure) {
  for (const std::string flag : {"--models", "--bin-dir", "--data-dir"}) {
    std::vector<std::string> command = Up();
    *(std::find(command.begin(), command.end(), flag) + 1) = "/proc/nowhere";
    const Finished run = RunProgram(command);
    EXPECT_NE(run.code, 0);
    EXPECT_THAT(run.err, HasSubstr(flag));
  }
}

// A listening socket on a port of loopback that the kernel chose.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    bind(socket_, reinterpret_cast<sockaddr*>(&address_), size);
    listen(socket_, 1);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~Listener() { close(socket_); }
  int port() const { return ntohs(address_.sin_port); }

 private:
  int socket_;
  sockaddr_in address_{};
};

TEST(PortsTest, APortInUseIsNamedWithItsServiceAndTheFlag) {
  const Listener taken;
  const auto ports = ChoosePorts(taken.port());
  EXPECT_EQ(ports.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(ports.status().message()),
      AllOf(HasSubstr("--ports"), HasSubstr(StrCat("port ", taken.port(), " of tact-policy"))));
}

TEST(PortsTest, FreePortsAreAllDifferent) {
  const auto ports = ChoosePorts(0);
  ASSERT_TRUE(ports.ok());
  std::vector<int> all;
  for (const auto& [name, pair] : *ports) all.insert(all.end(), {pair.grpc, pair.http});
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), 8u);
  EXPECT_TRUE(std::adjacent_find(all.begin(), all.end()) == all.end());
  EXPECT_GT(all.front(), 0);
}

TEST(SupervisorTest, TheDelayDoublesUpToTenSeconds) {
  EXPECT_EQ(RestartDelay(1), absl::Milliseconds(500));
  EXPECT_EQ(RestartDelay(2), absl::Seconds(1));
  EXPECT_EQ(RestartDelay(3), absl::Seconds(2));
  EXPECT_EQ(RestartDelay(9), absl::Seconds(10));
  EXPECT_EQ(RestartDelay(900), absl::Seconds(10));
}

}  // namespace
}  // namespace tact::ctl
