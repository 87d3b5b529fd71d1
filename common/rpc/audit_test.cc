// The audit log: one line for each call that it keeps, who, what and the result, and never a text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "common/base/strings.h"
#include "common/rpc/audit_interceptor.h"
#include "common/rpc/audit_log.h"
#include "common/rpc/channel.h"
#include "common/rpc/method_rules.h"
#include "common/rpc/server.h"
#include "tact/v1/evaluation.pb.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "Ann: what nobody else may read";

// Answers each audited call of a policy.
class QuietPolicy final : public v1::PolicyService::Service {
  grpc::Status LoadAdapter(grpc::ServerContext*, const v1::LoadAdapterRequest* request,
                           v1::LoadAdapterResponse*) override {
    return request->path().empty() ? grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, kSecret)
                                   : grpc::Status::OK;
  }
  grpc::Status PushWeights(grpc::ServerContext*, grpc::ServerReader<v1::PushWeightsRequest>* reader,
                           v1::PushWeightsResponse*) override {
    v1::PushWeightsRequest message;
    while (reader->Read(&message)) {
    }
    return grpc::Status::OK;
  }
  grpc::Status Generate(grpc::ServerContext*, const v1::GenerateRequest*,
                        v1::GenerateResponse*) override {
    return grpc::Status::OK;
  }
};

std::vector<std::string> LinesOf(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    std::string pattern = (fs::temp_directory_path() / "tact-audit-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "audit.jsonl";
  }
  ~AuditTest() override { fs::remove_all(folder_); }

  void Start(const std::string& path) {
    server_ = Server::Start({.audit_log = path}, {&service_}, {"tact.v1.PolicyService"}).value();
    stub_ = v1::PolicyService::NewStub(MakeChannel(StrCat("127.0.0.1:", server_->port())));
  }
  grpc::StatusCode Load(const std::string& adapter, const std::string& path) {
    grpc::ClientContext context;
    SetDeadline(context, 20);
    v1::LoadAdapterRequest request;
    request.set_adapter(adapter);
    request.set_path(path);
    v1::LoadAdapterResponse response;
    return stub_->LoadAdapter(&context, request, &response).error_code();
  }
  void Push(int chunks) {
    grpc::ClientContext context;
    SetDeadline(context, 20);
    v1::PushWeightsResponse response;
    const auto writer = stub_->PushWeights(&context, &response);
    v1::PushWeightsRequest message;
    message.mutable_header()->set_model("pushed");
    message.mutable_header()->set_weight_version(7);
    writer->Write(message);
    message.set_chunk(kSecret);
    for (int i = 0; i < chunks; ++i) writer->Write(message);
    writer->WritesDone();
    EXPECT_TRUE(writer->Finish().ok());
  }

  fs::path folder_, path_;
  QuietPolicy service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
};

TEST_F(AuditTest, EachCallThatChangesSomethingIsOneLine) {
  Start(path_);
  Load("polite", "folder");
  Load("rude", "");
  Push(50);
  grpc::ClientContext context;
  v1::GenerateRequest generate;
  generate.add_prompts(kSecret);
  v1::GenerateResponse response;
  EXPECT_TRUE(stub_->Generate(&context, generate, &response).ok());
  server_.reset();
  const struct {
    const char *method, *code;
    json ids;
  } expected[] = {{"LoadAdapter", "OK", {{"adapter", "polite"}, {"path", "folder"}}},
                  {"LoadAdapter", "INVALID_ARGUMENT", {{"adapter", "rude"}}},
                  {"PushWeights", "OK", {{"model", "pushed"}, {"weight_version", "7"}}}};
  const std::vector<std::string> lines = LinesOf(path_);
  ASSERT_EQ(lines.size(), std::size(expected)) << "Generate only reads";
  for (size_t i = 0; i < lines.size(); ++i) {
    const json line = json::parse(lines[i]);
    EXPECT_EQ(line["method"], StrCat("/tact.v1.PolicyService/", expected[i].method));
    EXPECT_EQ(line["code"], expected[i].code);
    EXPECT_EQ(line["ids"], expected[i].ids);
    EXPECT_THAT(line["peer"].get<std::string>(), HasSubstr("127.0.0.1"));
    EXPECT_THAT(lines[i], Not(HasSubstr("nobody else")));
  }
}

// A name is the caller's to choose: it stays inside its quotes, and is cut.
TEST_F(AuditTest, ANameCannotWriteALineOfItsOwn) {
  Start(path_);
  const std::string forged = "x\n{\"time\":\"2026-01-31\",\"identity\":\"root\",\"code\":\"OK\"}\n";
  const std::vector<std::string> names = {forged,   "\r\n\r\n", "a\"b\\c", std::string("a\0b", 3),
                                          "\u2028", "\x1b[2J",  "",        std::string(5000, 'x')};
  for (const std::string& name : names) Load(name, "folder");
  const auto log = AuditLog::Open(path_).value();
  log->Write({forged, forged, forged, {{"id", forged}, {"bad", "\xff\xfe"}}, forged});
  server_.reset();
  const std::vector<std::string> lines = LinesOf(path_);
  ASSERT_EQ(lines.size(), names.size() + 1);
  for (size_t i = 0; i < names.size(); ++i) {
    const json line = json::parse(lines[i]);
    EXPECT_EQ(line["identity"], "");
    if (names[i].size() < 100 && !names[i].empty()) {
      EXPECT_EQ(line["ids"]["adapter"], names[i]);
    }
    EXPECT_LT(lines[i].size(), 1000u);
  }
  EXPECT_EQ(json::parse(lines.back())["identity"], forged);
}

TEST_F(AuditTest, ManyAtOnceAreAllThere) {
  Start(path_);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int call = 0; call < 25; ++call) Load(StrCat("a", i), "folder");
    });
  }
  for (std::thread& caller : callers) caller.join();
  server_.reset();
  const std::vector<std::string> lines = LinesOf(path_);
  EXPECT_EQ(lines.size(), 100u);
  for (const std::string& line : lines) EXPECT_TRUE(json::accept(line)) << line;
}

// The service goes on; whoever must have every call on record watches its log for the complaint.
TEST_F(AuditTest, AFullDiskStopsNoCall) {
  Start("/dev/full");
  EXPECT_EQ(Load("polite", "folder"), grpc::StatusCode::OK);
  EXPECT_EQ(Load("polite", ""), grpc::StatusCode::INVALID_ARGUMENT);
}

// A line that did not fit leaves nothing behind that would spoil the next one.
TEST_F(AuditTest, ADiskThatFillsUpLeavesWholeLines) {
  const auto log = AuditLog::Open(path_).value();
  log->Write({"first", "", "m", {}, "OK"});
  rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {fs::file_size(path_) + 20, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  log->Write({"second", "", "m", {}, "OK"});
  setrlimit(RLIMIT_FSIZE, &old);
  log->Write({"third", "", "m", {}, "OK"});
  const std::vector<std::string> lines = LinesOf(path_);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(json::parse(lines[0])["identity"], "first");
  EXPECT_EQ(json::parse(lines[1])["identity"], "third");
}

// Every text field of every audited request, filled: nothing but names and ids is collected.
TEST_F(AuditTest, NoTextOfARequestIsAName) {
  v1::CreateJobRequest job;
  job.mutable_spec()->set_prompt_template(kSecret);
  job.mutable_spec()->mutable_ppo()->mutable_sampling()->add_stop_strings(kSecret);
  v1::RunEvaluationRequest evaluation;
  v1::DialogueExample& example = *evaluation.mutable_spec()->add_examples();
  example.set_dialogue(kSecret);
  example.add_references(kSecret);
  evaluation.mutable_spec()->set_prompt_template(kSecret);
  v1::UploadDatasetRequest upload;
  upload.set_chunk(kSecret);
  const google::protobuf::Message* const requests[] = {&job, &evaluation, &upload};
  for (const google::protobuf::Message* message : requests) {
    std::map<std::string, std::string> ids;
    CollectIds(*message, ids);
    for (const auto& [field, value] : ids) EXPECT_NE(value, kSecret) << field;
  }
}

}  // namespace
}  // namespace tact
