// Callers of real services who may not, or who ask for too much: what they are told, and that the
// service serves on with as much memory as before.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "common/rpc/channel.h"
#include "common/rpc/credentials.h"
#include "common/rpc/testing/certificates.h"
#include "tests/fault/fleet.h"

namespace tact::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int64_t kMiB = 1 << 20;

// The peak of its resident memory so far, in MiB.
int64_t PeakMiB(const Service& service) {
  std::ifstream file("/proc/" + std::to_string(service.pid()) + "/status");
  std::string word;
  int64_t kilobytes = 0;
  while (file >> word) {
    if (word == "VmHWM:" && file >> kilobytes) break;
  }
  return kilobytes / 1024;
}

class SecurityFaultTest : public ::testing::Test {
 protected:
  // A policy with these flags.
  Service& Start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> command = {Binary("tact-policy"), "--model",
                                        (SourceDir() / "models/policy").string()};
    command.insert(command.end(), flags.begin(), flags.end());
    policy_ = std::make_unique<Service>("policy", command, folder_.path());
    started_ = policy_->Start();
    return *policy_;
  }

  std::vector<std::string> MutualTls() const {
    const CertificateFiles own = authority_.Issue("server");
    return {"--tls-cert", own.certificate,   "--tls-key",
            own.key,      "--tls-client-ca", authority_.certificate()};
  }

  std::unique_ptr<v1::PolicyService::Stub> Connect(const CertificateFiles& files) const {
    const ClientTls tls{authority_.certificate(), files.certificate, files.key};
    return v1::PolicyService::NewStub(
        MakeChannel(policy_->direct(), {.credentials = MakeClientCredentials(tls).value()}));
  }
  // Without the look at its own certificate that tact's clients take.
  std::unique_ptr<v1::PolicyService::Stub> ConnectUnchecked(const CertificateFiles& files) const {
    const grpc::SslCredentialsOptions tls{ReadAll(authority_.certificate()), ReadAll(files.key),
                                          ReadAll(files.certificate)};
    return v1::PolicyService::NewStub(
        grpc::CreateChannel(policy_->direct(), grpc::SslCredentials(tls)));
  }
  std::unique_ptr<v1::PolicyService::Stub> ConnectPlain() const {
    return v1::PolicyService::NewStub(policy_->DirectChannel());
  }

  // With a connection of its own.
  std::unique_ptr<v1::PolicyService::Stub> ConnectAlone() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::PolicyService::NewStub(grpc::CreateCustomChannel(
        policy_->direct(), grpc::InsecureChannelCredentials(), arguments));
  }

  static grpc::Status Generate(v1::PolicyService::Stub& stub, const std::string& prompt,
                               const std::function<void(grpc::ClientContext&)>& change = {}) {
    grpc::ClientContext context;
    SetDeadline(context, 30);
    if (change) change(context);
    v1::GenerateRequest request;
    request.add_prompts(prompt);
    request.mutable_sampling()->set_max_new_tokens(4);
    v1::GenerateResponse response;
    return stub.Generate(&context, request, &response);
  }

  static grpc::Status LoadAdapter(v1::PolicyService::Stub& stub, const std::string& path) {
    grpc::ClientContext context;
    SetDeadline(context, 30);
    v1::LoadAdapterRequest request;
    request.set_adapter("polite");
    request.set_path(path);
    v1::LoadAdapterResponse response;
    return stub.LoadAdapter(&context, request, &response);
  }

  const TempFolder folder_;
  const Authority authority_{folder_.path()};
  std::unique_ptr<Service> policy_;
  bool started_ = false;
};

TEST_F(SecurityFaultTest, OnlyAValidCertificateOfTheAuthorityGetsAConnection) {
  Start(MutualTls());
  ASSERT_TRUE(started_) << policy_->Log();
  const Authority other(folder_.path(), "other");
  CertificateOptions past;
  past.unit = "client";
  past.ends_seconds = -60;
  const auto stranger = Connect(other.IssueRole("mallory", "admin"));
  const auto expired = ConnectUnchecked(authority_.Issue("expired", past));
  const auto alice = Connect(authority_.IssueRole("alice", "client"));
  EXPECT_EQ(Generate(*stranger, "Hi Ann.").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Generate(*expired, "Hi Ann.").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Generate(*ConnectPlain(), "Hi Ann.").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Generate(*alice, "Hi Ann.").ok()) << policy_->Log();
}

TEST_F(SecurityFaultTest, AnExpiredCertificateOfItsOwnEndsTheStartAndIsNamed) {
  CertificateOptions past;
  past.ends_seconds = -60;
  const CertificateFiles own = authority_.Issue("old", past);
  Start({"--tls-cert", own.certificate, "--tls-key", own.key});
  EXPECT_FALSE(started_);
  EXPECT_EQ(policy_->Wait(10), 1);
  EXPECT_THAT(policy_->Log(), HasSubstr("old.pem"));
  EXPECT_THAT(policy_->Log(), HasSubstr("expired on"));
}

TEST_F(SecurityFaultTest, TheWrongRoleIsToldWhichOneItTakes) {
  Start(MutualTls());
  ASSERT_TRUE(started_) << policy_->Log();
  const grpc::Status status =
      LoadAdapter(*Connect(authority_.IssueRole("alice", "client")), "polite");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  for (const char* part : {"tact.v1.PolicyService/LoadAdapter", "alice has client", "admin"}) {
    EXPECT_THAT(status.error_message(), HasSubstr(part));
  }
}

TEST_F(SecurityFaultTest, PathsOutsideTheAdapterFolderAreRefused) {
  Start({"--adapter-dir", folder_.path().string()});
  ASSERT_TRUE(started_) << policy_->Log();
  std::filesystem::create_directory_symlink("/etc", folder_.path() / "link");
  const auto stub = ConnectPlain();
  for (const std::string path : {"../policy", "/etc", "a/../../etc", "link", "link/ssl", ".."}) {
    const grpc::Status status = LoadAdapter(*stub, path);
    EXPECT_THAT(status.error_code(),
                AnyOf(grpc::StatusCode::PERMISSION_DENIED, grpc::StatusCode::INVALID_ARGUMENT))
        << path << ": " << status.error_message();
  }
  EXPECT_TRUE(Generate(*stub, "Hi Ann.").ok());
}

TEST_F(SecurityFaultTest, WhatIsTooLargeIsRefused) {
  Start();
  ASSERT_TRUE(started_) << policy_->Log();
  const auto stub = ConnectPlain();
  ASSERT_TRUE(Generate(*stub, "Hi Ann.").ok());
  const std::string huge(100 * kMiB, 'a');
  // gRPC 1.51 takes a message in before it looks at its size, but it does not unpack one.
  const grpc::Status bomb = Generate(*stub, huge, [](grpc::ClientContext& context) {
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  });
  EXPECT_EQ(bomb.error_code(), grpc::StatusCode::UNIMPLEMENTED) << bomb.error_message();
  EXPECT_LE(PeakMiB(*policy_), 80);
  EXPECT_EQ(Generate(*stub, huge).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_LE(PeakMiB(*policy_), 80 + 120);
  const grpc::Status metadata = Generate(*stub, "Hi Ann.", [](grpc::ClientContext& context) {
    context.AddMetadata("x-large", std::string(kMiB, 'a'));
  });
  EXPECT_EQ(metadata.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
      << metadata.error_message();
  // A call that meets the connection while it is closed for that may fail; the next one is served.
  EXPECT_TRUE(WaitFor([&] { return Generate(*stub, "Hi Ann.").ok(); }, 10)) << policy_->Log();
}

// What gRPC takes in before it looks at the size is bounded for the whole server, however many
// send.
TEST_F(SecurityFaultTest, ManyWhoSendTooMuchAtOnceShareOneBound) {
  Start();
  ASSERT_TRUE(started_) << policy_->Log();
  const std::string huge(100 * kMiB, 'a');
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      const auto stub = ConnectAlone();
      EXPECT_FALSE(Generate(*stub, huge).ok());
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(PeakMiB(*policy_), 80 + 512 + 256);  // the bound is reached a little late
  const auto stub = ConnectPlain();
  EXPECT_TRUE(WaitFor([&] { return Generate(*stub, "Hi Ann.").ok(); }, 10)) << policy_->Log();
}

}  // namespace
}  // namespace tact::testing
