// Servers with certificates: who gets in, what the others read, and certificates that change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "common/rpc/handler.h"
#include "common/rpc/server.h"
#include "common/rpc/testing/certificates.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using testing::Authority;
using testing::CertificateFiles;
using testing::CertificateOptions;
using ::testing::HasSubstr;
using ::testing::Not;

class FakePolicy final : public v1::PolicyService::Service {
  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest*,
                        v1::GetModelResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status UnloadAdapter(grpc::ServerContext*, const v1::UnloadAdapterRequest*,
                             v1::UnloadAdapterResponse*) override {
    return {grpc::StatusCode::NOT_FOUND, "no such adapter"};
  }
};

std::string Contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

class TlsServerTest : public ::testing::Test {
 protected:
  TlsServerTest() : folder_(MakeFolder()), authority_(folder_) {
    own_ = authority_.Issue("server");
    options_.tls = {own_.certificate, own_.key, authority_.certificate(), ""};
    options_.audit_log = folder_ / "audit.jsonl";
  }
  ~TlsServerTest() override { fs::remove_all(folder_); }

  static fs::path MakeFolder() {
    std::string pattern = (fs::temp_directory_path() / "tact-tls-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  void Start() {
    auto server = Server::Start(options_, {&service_}, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::string StartError() {
    return std::string(Server::Start(options_, {&service_}, {}).status().message());
  }

  std::shared_ptr<grpc::Channel> Connect(const CertificateFiles& files) {
    const ClientTls tls{authority_.certificate(), files.certificate, files.key};
    return Open(MakeClientCredentials(tls).value());
  }

  std::shared_ptr<grpc::Channel> Open(const ClientCredentials& credentials) {
    return MakeChannel(StrCat("127.0.0.1:", server_->port()), {.credentials = credentials});
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
    v1::UnloadAdapterRequest request;
    request.set_adapter("polite");
    v1::UnloadAdapterResponse response;
    return v1::PolicyService::NewStub(channel)->UnloadAdapter(&context, request, &response);
  }

  const fs::path folder_;
  const Authority authority_;
  CertificateFiles own_;
  ServerOptions options_;
  FakePolicy service_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsServerTest, ARoleLetsInAndAnotherIsRefused) {
  Start();
  const auto client = Connect(authority_.IssueRole("alice", "client"));
  EXPECT_TRUE(GetModel(client).ok()) << GetModel(client).error_message();
  const grpc::Status refused = Unload(client);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("alice has client"));
  EXPECT_THAT(refused.error_message(), HasSubstr("tact.v1.PolicyService/UnloadAdapter"));
  const auto admin = Connect(authority_.IssueRole("root", "admin"));
  EXPECT_EQ(Unload(admin).error_code(), grpc::StatusCode::NOT_FOUND);
  server_.reset();
  const std::string audit = Contents(options_.audit_log);
  EXPECT_THAT(audit, HasSubstr(R"("identity":"alice","peer":"")"));
  EXPECT_THAT(audit, HasSubstr(R"("code":"PERMISSION_DENIED")"));
  EXPECT_THAT(audit, HasSubstr(R"("ids":{"adapter":"polite"},"code":"NOT_FOUND")"));
  EXPECT_THAT(audit, Not(HasSubstr("GetModel")));
}

TEST_F(TlsServerTest, WrongExpiredAndMissingCertificatesGetNoConnection) {
  Start();
  const Authority other(folder_, "other");
  EXPECT_EQ(GetModel(Connect(other.IssueRole("mallory", "admin"))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(GetModel(Open(nullptr)).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(GetModel(Connect({})).error_code(), grpc::StatusCode::UNAVAILABLE);
  const ClientTls wrong_server{other.certificate(), "", ""};
  const grpc::Status status = GetModel(Open(MakeClientCredentials(wrong_server).value()));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(GetModel(Connect(authority_.IssueRole("alice", "client"))).ok());
}

TEST_F(TlsServerTest, StartErrorsNameFlagFileAndCure) {
  const auto expect = [&](std::initializer_list<std::string> parts) {
    const std::string error = StartError();
    for (const std::string& part : parts) EXPECT_THAT(error, HasSubstr(part));
  };
  options_.tls.certificate = "/nowhere.pem";
  expect({"--tls-cert", "/nowhere.pem", "cannot be read"});
  CertificateOptions old;
  old.ends_seconds = -60;
  const CertificateFiles expired = authority_.Issue("expired", old);
  options_.tls.certificate = expired.certificate;
  options_.tls.key = expired.key;
  expect({"--tls-cert", "expired.pem", "expired on", "renew"});
  options_.tls.certificate = own_.certificate;
  expect({"--tls-key", "expired.key", "does not fit"});
  options_.tls.key = own_.certificate;
  expect({"--tls-key", "no PEM private key"});
  options_.tls.key = "";
  expect({"--tls-cert", "without --tls-key"});
  options_.tls = {};
  options_.roles_file = "roles.json";
  expect({"--roles", "--tls-client-ca"});
  options_ = {.address = "0.0.0.0:0"};
  expect({"--address", "--tls-cert", "--insecure"});
}

// New connections show the new certificate, a damaged one changes nothing, and no call fails.
TEST_F(TlsServerTest, CertificatesAreRenewedUnderLoad) {
  Start();
  const CertificateFiles alice = authority_.IssueRole("alice", "client");
  const ClientCredentials credentials =
      MakeClientCredentials({authority_.certificate(), alice.certificate, alice.key}).value();
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0, failures = 0;
  std::thread load([&] {
    while (!stop) {
      ++calls;
      // A channel of its own: each call is a handshake.
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      const auto channel =
          grpc::CreateCustomChannel(StrCat("127.0.0.1:", server_->port()), credentials, arguments);
      if (!GetModel(channel).ok()) ++failures;
    }
  });
  absl::SleepFor(absl::Milliseconds(500));
  std::ofstream(own_.key) << "damaged";
  absl::SleepFor(absl::Milliseconds(2500));
  authority_.Issue("server");
  absl::SleepFor(absl::Milliseconds(3500));
  stop = true;
  load.join();
  EXPECT_GT(calls, 10);
  EXPECT_EQ(failures, 0);
}

TEST_F(TlsServerTest, RolesAreReadAgainWhileItRuns) {
  options_.roles_file = folder_ / "roles.json";
  std::ofstream(options_.roles_file) << R"({"identities": {"alice": ["client"]}})";
  Start();
  const auto alice = Connect(authority_.IssueRole("alice", "admin"));
  EXPECT_EQ(Unload(alice).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  std::ofstream(options_.roles_file) << R"({"identities": {"alice": ["admin"]}})";
  absl::SleepFor(absl::Milliseconds(2500));
  EXPECT_EQ(Unload(alice).error_code(), grpc::StatusCode::NOT_FOUND);
  std::ofstream(options_.roles_file) << "{damaged";
  absl::SleepFor(absl::Milliseconds(1500));
  EXPECT_EQ(Unload(alice).error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace tact
