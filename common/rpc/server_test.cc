#include "common/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "common/rpc/handler.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class EchoReward final : public v1::RewardService::Service {
  grpc::Status Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                     v1::ScoreResponse* response) override {
    return HandleCall("tact.v1.RewardService", "Score", context, [&]() -> absl::Status {
      if (request->items().empty())
        return FieldError("items", "0", "need at least one", "send one");
      if (request->items(0).text() == "throw") throw std::runtime_error("library fault");
      response->add_results()->set_label(request->items(0).text());
      return absl::OkStatus();
    });
  }
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = Server::Start({}, {&service_}, {"tact.v1.RewardService"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = StrCat("127.0.0.1:", server_->port());
    stub_ = v1::RewardService::NewStub(MakeChannel(address_));
  }
  absl::Status Score(const std::string& text, v1::ScoreResponse* response) {
    v1::ScoreRequest request;
    if (!text.empty()) request.add_items()->set_text(text);
    grpc::ClientContext context;
    SetDeadline(context, 20);
    return FromGrpcStatus(stub_->Score(&context, request, response), address_, &context);
  }
  EchoReward service_;
  std::unique_ptr<Server> server_;
  std::string address_;
  std::unique_ptr<v1::RewardService::Stub> stub_;
};

TEST_F(ServerTest, AnswersAndCarriesErrorDetails) {
  v1::ScoreResponse response;
  ASSERT_TRUE(Score("hello", &response).ok());
  EXPECT_EQ(response.results(0).label(), "hello");
  const absl::Status status = Score("", &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->field, "items");
}

TEST_F(ServerTest, ExceptionsBecomeInternalAndTheServerStays) {
  v1::ScoreResponse response;
  const absl::Status status = Score("throw", &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("library fault"));
  EXPECT_TRUE(Score("again", &response).ok());
}

// A client in another language can send bytes that are no UTF-8; the answer names the field.
TEST_F(ServerTest, BadUtf8NamesItsField) {
  v1::ScoreRequest request;
  request.add_items()->set_text("fine");
  request.add_items()->set_text("bad \xff byte");
  grpc::ClientContext context;
  SetDeadline(context, 20);
  v1::ScoreResponse response;
  const grpc::Status status = stub_->Score(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("items[1].text: not valid UTF-8"));
}

TEST_F(ServerTest, APortInUseIsNamedWithItsFlag) {
  const auto taken = Server::Start({.address = address_}, {}, {});
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr(address_));
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr("--address"));
  const auto http =
      Server::Start({.http_address = StrCat("127.0.0.1:", server_->http_port())}, {}, {});
  EXPECT_THAT(std::string(http.status().message()), HasSubstr("--http-address"));
}

TEST_F(ServerTest, BeyondLoopbackNeedsInsecure) {
  const auto refused = Server::Start({.address = "0.0.0.0:0"}, {}, {});
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--insecure"));
}

TEST_F(ServerTest, HttpTellsHealthReadinessAndMetrics) {
  httplib::Client client("127.0.0.1", server_->http_port());
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 503);
  server_->SetReady(true);
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  v1::ScoreResponse response;
  ASSERT_TRUE(Score("hello", &response).ok());
  const auto metrics = client.Get("/metrics");
  EXPECT_THAT(metrics->body, HasSubstr("grpc_server_handled_total"));
}

TEST(HttpEndpointTest, RoutesAreReadOnlyAndGetGroupsAndParameters) {
  const HttpRoute route = {
      "/things/([a-z]+)", [](const HttpRequest& request) {
        const auto found = request.parameters.find("after");
        return HttpReply{
            request.groups[0] == "none" ? 404 : 200,
            "text/plain",
            request.groups[0] + (found == request.parameters.end() ? "" : found->second),
            {{"X-Mark", "yes"}}};
      }};
  const auto endpoint = HttpEndpoint::Start("127.0.0.1", 0, {route}).value();
  httplib::Client client("127.0.0.1", endpoint->port());
  const auto answer = client.Get("/things/one?after=7");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "one7");
  EXPECT_EQ(answer->get_header_value("X-Mark"), "yes");
  EXPECT_EQ(client.Get("/things/none")->status, 404);
  EXPECT_EQ(client.Get("/things/UP")->status, 404);
  EXPECT_EQ(client.Post("/things/one", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Get("/healthz")->status, 200);
}

// Clients that keep their connections, as browsers do, leave threads for the kubelet's probes.
TEST(HttpEndpointTest, IdleConnectionsDoNotStarveProbes) {
  const auto endpoint = HttpEndpoint::Start("127.0.0.1", 0).value();
  std::vector<std::unique_ptr<httplib::Client>> browsers;
  for (int i = 0; i < 12; ++i) {
    browsers.push_back(std::make_unique<httplib::Client>("127.0.0.1", endpoint->port()));
    browsers.back()->set_keep_alive(true);
    browsers.back()->set_read_timeout(3, 0);
    const auto answer = browsers.back()->Get("/healthz");
    ASSERT_TRUE(answer) << "connection " << i;
  }
}

}  // namespace
}  // namespace tact
