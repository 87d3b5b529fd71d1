// doctor's checks given what is wrong, and the command as a whole.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/rpc/testing/certificates.h"
#include "services/tactctl/authority.h"
#include "services/tactctl/certificate_check.h"
#include "services/tactctl/machine_check.h"
#include "services/tactctl/model_check.h"
#include "services/tactctl/port_check.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;
using tact::testing::Finished;
using tact::testing::RunProgram;
using ::testing::HasSubstr;

class CertificateCheckTest : public ::testing::Test {
 protected:
  // A certificate of the authority, made by the openssl program.
  TlsFiles Make(const std::string& arguments) {
    const Finished run = RunProgram(
        {"/bin/bash", "-c",
         StrCat("cd ", folder_.path().string(),
                " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
                "own.key -out own.pem -subj /CN=own ",
                arguments)});
    EXPECT_EQ(run.code, 0) << run.err;
    return {{"--cert", Path("own.pem")}, {"--key", Path("own.key")}, {"", ""}};
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  tact::testing::TempFolder folder_;
  tact::testing::Authority authority_{folder_.path()};
};

TEST_F(CertificateCheckTest, WhatIsWrongIsSaid) {
  const auto made = authority_.Issue("good");
  const auto other = authority_.Issue("other");
  const std::string ca = authority_.certificate().string();
  const std::string good = made.certificate.string(), key = made.key.string();
  const TlsFiles self_made = Make("-days 100 -addext subjectAltName=DNS:policy.example");
  struct Case {
    const char* why;
    TlsFiles files;
    std::string host;
    absl::Duration later;
    Verdict verdict;
    const char* found;
  };
  const TlsFiles fitting{{"--cert", good}, {"--key", key}, {"--ca", ca}};
  const std::vector<Case> cases = {
      {"soon over", fitting, "127.0.0.1", absl::ZeroDuration(), Verdict::kWarn,
       "expires in 0 days"},
      {"all is well", self_made, "policy.example", absl::ZeroDuration(), Verdict::kOk,
       "expires in 99 days"},
      {"expired", self_made, "", absl::Hours(24 * 101), Verdict::kFail, "expired on"},
      {"another name", fitting, "policy.example", absl::ZeroDuration(), Verdict::kFail,
       "does not name policy.example"},
      {"another's key",
       {{"--cert", good}, {"--key", other.key.string()}, {"", ""}},
       "",
       absl::ZeroDuration(),
       Verdict::kFail,
       "does not fit"},
      {"another authority",
       {self_made.certificate, self_made.key, {"--ca", ca}},
       "",
       absl::ZeroDuration(),
       Verdict::kFail,
       "not signed by"},
      {"no file",
       {{"--cert", "nowhere.pem"}, {"--key", key}, {"", ""}},
       "",
       absl::ZeroDuration(),
       Verdict::kFail,
       "cannot be read"},
  };
  for (const Case& one : cases) {
    const Finding finding = CheckCertificate(one.files, one.host, absl::Now() + one.later);
    EXPECT_EQ(finding.verdict, one.verdict) << one.why << ": " << finding.found;
    EXPECT_THAT(finding.found, HasSubstr(one.found)) << one.why;
    EXPECT_EQ(finding.advice.empty(), one.verdict == Verdict::kOk) << one.why;
  }
}

TEST_F(CertificateCheckTest, WhatUpMakesIsFoundGood) {
  ASSERT_TRUE(IssueCertificates(folder_.path() / "up").ok());
  const auto findings = CheckCertificateFolder(folder_.path() / "up", "127.0.0.1", absl::Now());
  EXPECT_EQ(findings.size(), 6u);
  for (const Finding& one : findings) EXPECT_EQ(one.verdict, Verdict::kOk) << one.found;
  EXPECT_EQ(CheckCertificateFolder(folder_.path() / "none", "", absl::Now())[0].verdict,
            Verdict::kFail);
}

TEST(ModelCheckTest, WhatIsWrongIsSaid) {
  const fs::path models = tact::testing::SourceDir() / "models";
  if (!fs::exists(models / "policy" / "model.safetensors")) GTEST_SKIP() << "no models here";
  EXPECT_EQ(CheckModel("policy", models / "policy").finding.verdict, Verdict::kOk);
  EXPECT_GT(CheckModel("policy", models / "policy").parameters, 0u);
  EXPECT_THAT(CheckModel("reward", models / "policy").finding.found, HasSubstr("the reward"));
  const tact::testing::TempFolder folder;
  const fs::path copy = folder.path() / "policy";
  const auto check = [&] { return CheckModel("policy", copy).finding; };
  EXPECT_THAT(check().found, HasSubstr("config.json"));
  fs::copy(models / "policy", copy, fs::copy_options::recursive);
  EXPECT_EQ(check().verdict, Verdict::kOk) << check().found;
  fs::resize_file(copy / "model.safetensors", fs::file_size(copy / "model.safetensors") - 1);
  EXPECT_EQ(check().verdict, Verdict::kFail);
  EXPECT_THAT(check().found, HasSubstr("model.safetensors"));
  fs::remove(copy / "spiece.model");
  EXPECT_THAT(check().found, HasSubstr("spiece.model"));
}

TEST(PortCheckTest, APortHasItsListener) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  const int port = ntohs(address.sin_port);
  EXPECT_FALSE(FindListener(port)) << "bound, but nobody listens";
  listen(socket, 1);
  const auto listener = FindListener(port);
  ASSERT_TRUE(listener);
  EXPECT_THAT(*listener, HasSubstr(StrCat("(pid ", getpid(), ")")));
  close(socket);
  EXPECT_EQ(ListeningInode("  0: 0100007F:1B59 00000000:0000 0A 00000000:00000000 00:00000000 "
                           "00000000  1000  0 4711 1\n",
                           7001),
            4711u);
  EXPECT_FALSE(ListeningInode("garbage\n\n", 7001));
}

TEST(PortCheckTest, VerdictsFollowFromWhoAnswers) {
  struct Case {
    Health health;
    bool here;
    std::optional<std::string> listener;
    Verdict verdict;
    const char* found;
  };
  const std::vector<Case> cases = {
      {Health::kServing, true, "x", Verdict::kOk, "tact-policy answers"},
      {Health::kNotServing, true, "x", Verdict::kFail, "not serving"},
      {Health::kUnreachable, true, std::nullopt, Verdict::kOk, "free"},
      {Health::kUnreachable, true, "nginx (pid 12)", Verdict::kFail, "nginx (pid 12) listens"},
      {Health::kUnreachable, false, std::nullopt, Verdict::kFail, "does not answer"},
  };
  for (const Case& one : cases) {
    const Finding finding = CheckPort("policy", "h:1", one.health, one.here, one.listener);
    EXPECT_EQ(finding.verdict, one.verdict) << one.found;
    EXPECT_THAT(finding.found, HasSubstr(one.found));
  }
}

TEST(MachineCheckTest, NumbersBecomeVerdicts) {
  ReplicaReport report;
  EXPECT_EQ(CheckClock(report).verdict, Verdict::kWarn) << "no stamp";
  report.stamp = ServerStamp{"1", 0, 0};
  for (const auto& [skew, error, verdict] : {std::tuple{0.5, 0.0, Verdict::kOk},
                                             {-3.0, 0.0, Verdict::kWarn},
                                             {3.0, 2.0, Verdict::kOk},
                                             {-400.0, 1.0, Verdict::kFail}}) {
    report.skew_seconds = skew;
    report.skew_error_seconds = error;
    EXPECT_EQ(CheckClock(report).verdict, verdict) << skew;
  }
  const MemoryNeeds needs{100, 50, false};  // 600 bytes served, 1600 of a job
  EXPECT_EQ(CheckMemory(std::nullopt, needs).verdict, Verdict::kWarn);
  EXPECT_EQ(CheckMemory(599, needs).verdict, Verdict::kFail);
  EXPECT_EQ(CheckMemory(2199, needs).verdict, Verdict::kWarn);
  EXPECT_EQ(CheckMemory(2200, needs).verdict, Verdict::kOk);
  EXPECT_EQ(CheckMemory(1600, {100, 50, true}).verdict, Verdict::kOk) << "held already";
  EXPECT_EQ(CheckDisk("d", 1 << 20, 1).verdict, Verdict::kFail);
  EXPECT_EQ(CheckDisk("d", 1 << 30, 100'000'000).verdict, Verdict::kWarn);
  EXPECT_EQ(CheckDisk("d", 1 << 30, 1000).verdict, Verdict::kOk);
  EXPECT_EQ(CheckThreads(1, 0).verdict, Verdict::kWarn);
  EXPECT_EQ(CheckThreads(2, 100).verdict, Verdict::kFail);
  EXPECT_EQ(CheckThreads(2, 0).verdict, Verdict::kOk);
}

class DoctorTest : public CommandsTest {};

TEST_F(DoctorTest, FailsWhereAModelIsMissingAndSaysWhatToDo) {
  const Finished run = Run({"doctor", "--models", (folder_.path() / "none").string(), "--data-dir",
                            folder_.path().string(), "-o", "json"});
  EXPECT_EQ(run.code, 9);
  EXPECT_THAT(run.err, HasSubstr("checks failed"));
  int failed = 0;
  for (const auto& one : nlohmann::json::parse(run.out)) {
    const std::string verdict = one["verdict"], check = one["check"];
    failed += verdict == "fail" ? 1 : 0;
    EXPECT_EQ(verdict == "fail", check.rfind("model", 0) == 0) << check;
    EXPECT_TRUE(verdict != "fail" || one["advice"] != "") << check;
  }
  EXPECT_EQ(failed, 2);
}

TEST_F(DoctorTest, ABadCertificateIsAFindingNotTheEnd) {
  const std::string file = File("bad.pem", "nothing");
  const Finished run = Run({"doctor", "--models", "none", "--ca", file});
  EXPECT_EQ(run.code, 9);
  EXPECT_THAT(run.out, HasSubstr("fail  certificate bad.pem: --ca: holds no PEM certificate"));
}

}  // namespace
}  // namespace tact::ctl
