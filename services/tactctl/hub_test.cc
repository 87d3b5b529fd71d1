// models pull against an HTTPS server on loopback with a certificate of its own making.
#include "services/tactctl/hub.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "services/tactctl/pull.h"
#include "services/tactctl/testing/certificate.h"
#include "services/tactctl/testing/subprocess.h"

namespace tact::ctl {
namespace {

using tact::testing::ReadAll;
using tact::testing::TempFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A hub: small files directly, weights by a redirect to a store on the same server.
class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    const auto certificate = tact::testing::MakeCertificate(folder_.path());
    ca_file_ = certificate.certificate.string();
    server_ = std::make_unique<httplib::SSLServer>(certificate.certificate.c_str(),
                                                   certificate.key.c_str());
    server_->Get(R"(/org/tiny/resolve/main/(.+))",
                 [this](const auto& request, auto& response) { Resolve(request, response); });
    server_->Get(R"(/store/(.+))", [this](const auto& request, auto& response) {
      Note(request);
      response.set_content(files_[request.matches[1]], "application/octet-stream");
    });
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    files_ = {{"config.json", "{}"},
              {"spiece.model", "pieces"},
              {"model.safetensors", std::string(300'000, 'w')}};
  }

  ~HubTest() override {
    server_->stop();
    thread_.join();
  }

  void Resolve(const httplib::Request& request, httplib::Response& response) {
    Note(request);
    const std::string name = request.matches[1];
    if (!files_.contains(name)) {
      response.status = 404;
      return;
    }
    if (!name.ends_with(".safetensors")) {
      response.set_header("ETag", "\"0123abc\"");
      response.set_content(files_[name], "text/plain");
      return;
    }
    response.set_header("X-Linked-Size", std::to_string(files_[name].size()));
    response.set_header("X-Linked-ETag", "\"" + Sha256Hex(files_[name]) + "\"");
    response.set_redirect("/store/" + name);
  }

  void Note(const httplib::Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(
        StrCat(request.method, " ", request.path, " ", request.get_header_value("Range")));
  }

  PullOptions Options() {
    PullOptions options;
    options.hub = {StrCat("https://127.0.0.1:", port_), ca_file_};
    options.repository = "org/tiny";
    options.folder = folder_.path() / "model";
    return options;
  }

  TempFolder folder_;
  std::string ca_file_;
  std::unique_ptr<httplib::SSLServer> server_;
  int port_ = 0;
  std::thread thread_;
  std::map<std::string, std::string> files_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

TEST_F(HubTest, PullsAWholeModelAndLeavesEqualFilesAlone) {
  ASSERT_TRUE(PullModel(Options(), nullptr).ok());
  for (const auto& [name, text] : files_) EXPECT_EQ(ReadAll(Options().folder / name), text);
  EXPECT_FALSE(std::filesystem::exists(Options().folder / "model.safetensors.part"));
  requests_.clear();
  ASSERT_TRUE(PullModel(Options(), nullptr).ok());
  for (const std::string& request : requests_) EXPECT_THAT(request, HasSubstr("HEAD "));
}

TEST_F(HubTest, GoesOnWhereAnEarlierTryStopped) {
  std::filesystem::create_directories(Options().folder);
  std::ofstream(Options().folder / "model.safetensors.part") << std::string(100'000, 'w');
  ASSERT_TRUE(PullModel(Options(), nullptr).ok());
  EXPECT_THAT(requests_, Contains("GET /store/model.safetensors bytes=100000-"));
  EXPECT_EQ(ReadAll(Options().folder / "model.safetensors"), files_["model.safetensors"]);
}

TEST_F(HubTest, ADamagedPartIsFoundAndFetchedAnew) {
  std::filesystem::create_directories(Options().folder);
  std::ofstream(Options().folder / "model.safetensors.part") << std::string(100'000, 'x');
  const absl::Status status = PullModel(Options(), nullptr);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("model.safetensors: SHA-256"));
  EXPECT_FALSE(std::filesystem::exists(Options().folder / "model.safetensors"));
  EXPECT_TRUE(PullModel(Options(), nullptr).ok());
}

TEST_F(HubTest, ShardsAreFetchedByTheirIndex) {
  files_["model-1.safetensors"] = "first";
  files_["model-2.safetensors"] = "second";
  files_.erase("model.safetensors");
  files_["model.safetensors.index.json"] =
      R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})";
  ASSERT_TRUE(PullModel(Options(), nullptr).ok());
  EXPECT_EQ(ReadAll(Options().folder / "model-2.safetensors"), "second");
}

TEST_F(HubTest, ErrorsSayWhatToDo) {
  struct Case {
    const char* why;
    std::function<void(PullOptions&)> change;
    absl::StatusCode code;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"certificate", [](PullOptions& o) { o.hub.ca_file = ""; }, absl::StatusCode::kUnavailable,
       "--ca-file"},
      {"no such model", [](PullOptions& o) { o.repository = "org/none"; },
       absl::StatusCode::kNotFound, "check name and --revision"},
      {"bad name", [](PullOptions& o) { o.repository = "../etc"; },
       absl::StatusCode::kInvalidArgument, "write ORG/NAME"},
      {"bad endpoint", [](PullOptions& o) { o.hub.endpoint = "ftp://x"; },
       absl::StatusCode::kInvalidArgument, "--endpoint"},
      {"nobody there", [](PullOptions& o) { o.hub.endpoint = "https://127.0.0.1:1"; },
       absl::StatusCode::kUnavailable, "goes on where it stopped"},
  };
  for (const Case& one : cases) {
    PullOptions options = Options();
    one.change(options);
    const absl::Status status = PullModel(options, nullptr);
    EXPECT_EQ(status.code(), one.code) << one.why << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(one.message)) << one.why;
  }
}

TEST(HubUrlTest, RedirectsAreResolved) {
  const Url from{"https://a:1", "/x/y"};
  EXPECT_EQ(ResolveRedirect(from, "/z?q=1")->path, "/z?q=1");
  EXPECT_EQ(ResolveRedirect(from, "https://b/z")->origin, "https://b");
  EXPECT_EQ(ResolveRedirect(from, "//b/z")->origin, "https://b");
  EXPECT_FALSE(ResolveRedirect(from, "http://b/z").ok());
  EXPECT_EQ(ParseUrl("https://h")->path, "/");
  EXPECT_FALSE(ParseUrl("h/x").ok());
}

TEST(HubUrlTest, OnlyASha256IsTakenFromAnEtag) {
  const std::string sha(64, 'A');
  EXPECT_EQ(Sha256OfEtag("\"" + sha + "\""), std::string(64, 'a'));
  EXPECT_EQ(Sha256OfEtag("W/\"" + sha + "\""), std::string(64, 'a'));
  EXPECT_EQ(Sha256OfEtag("\"0123abc\""), "");
  EXPECT_EQ(Sha256OfEtag(std::string(64, 'g')), "");
}

TEST(ShardFilesTest, NamesThatLeaveTheFolderAreRefused) {
  EXPECT_THAT(*ShardFiles(R"({"weight_map": {"a": "x", "b": "x", "c": "y"}})"),
              ElementsAre("x", "y"));
  EXPECT_FALSE(ShardFiles(R"({"weight_map": {"a": "../x"}})").ok());
  EXPECT_FALSE(ShardFiles("[]").ok());
  EXPECT_FALSE(ShardFiles("{").ok());
}

}  // namespace
}  // namespace tact::ctl
