#include "services/reward/reward_service.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/reward/reward_engine.h"

namespace tact {
namespace {

constexpr char kTiny[] = "testdata/tiny";  // 64 tokens at most

// The real server on a port of the kernel's choice.
class RewardServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    RewardOptions options;
    options.model = kTiny;
    auto engine = RewardEngine::Start(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = std::move(*engine);
    service_ = std::make_unique<RewardService>(engine_->config(), engine_->tokenizer(),
                                               engine_->batcher(), kTiny);
    auto server = Server::Start({}, {service_.get()}, {"tact.v1.RewardService"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    server_->SetReady(true);
    stub_ = v1::RewardService::NewStub(MakeChannel("127.0.0.1:" + std::to_string(server_->port())));
  }

  grpc::Status Score(const v1::ScoreRequest& request, v1::ScoreResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context, 30);
    return stub_->Score(&context, request, response);
  }

  std::unique_ptr<RewardEngine> engine_;
  std::unique_ptr<RewardService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::RewardService::Stub> stub_;
};

TEST_F(RewardServiceTest, ScoresTextsAndPairs) {
  v1::ScoreRequest request;
  request.add_items()->set_text("hello");
  request.add_items()->set_text("");
  v1::ScoreItem& pair = *request.add_items();
  pair.set_prompt("what is it");
  pair.set_text("hello");
  v1::ScoreResponse response;
  const grpc::Status status = Score(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.labels_size(), 3);
  EXPECT_EQ(response.labels(1), "toxic");
  ASSERT_EQ(response.results_size(), 3);
  for (const v1::ScoreResult& result : response.results()) {
    ASSERT_EQ(result.logits_size(), 3);
    double sum = 0;
    for (const float p : result.probabilities()) sum += p;
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_FALSE(result.truncated());
    EXPECT_EQ(result.error_code(), 0u);
  }
  EXPECT_EQ(response.results(1).tokens(), 2u) << "<s></s>";
  EXPECT_NE(response.results(2).logits(0), response.results(0).logits(0));
}

TEST_F(RewardServiceTest, ATooLongTextFailsAloneAndTruncateCutsIt) {
  v1::ScoreRequest request;
  request.add_items()->set_text("hello");
  request.add_items()->set_text(std::string(400, 'x'));
  v1::ScoreResponse response;
  ASSERT_TRUE(Score(request, &response).ok());
  EXPECT_EQ(response.results(0).logits_size(), 3);
  const v1::ScoreResult& failed = response.results(1);
  EXPECT_EQ(failed.error_code(), 3u) << "INVALID_ARGUMENT";
  EXPECT_EQ(failed.logits_size(), 0);
  for (const char* part : {"items[1].text", "402", "64"}) {
    EXPECT_NE(failed.error_message().find(part), std::string::npos) << failed.error_message();
  }
  request.set_truncate(true);
  v1::ScoreResponse cut;
  ASSERT_TRUE(Score(request, &cut).ok());
  EXPECT_TRUE(cut.results(1).truncated());
  EXPECT_EQ(cut.results(1).tokens(), 64u);
  EXPECT_EQ(cut.results(1).logits_size(), 3);
}

TEST_F(RewardServiceTest, ATextsScoreDoesNotDependOnItsBatch) {
  v1::ScoreRequest alone;
  alone.add_items()->set_text("hello there");
  v1::ScoreRequest many;
  for (int i = 0; i < 50; ++i) many.add_items()->set_text(std::string(i, 'a'));
  many.add_items()->set_text("hello there");
  v1::ScoreResponse one, all;
  ASSERT_TRUE(Score(alone, &one).ok());
  ASSERT_TRUE(Score(many, &all).ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(one.results(0).logits(i), all.results(50).logits(i), 1e-5);
  }
}

TEST_F(RewardServiceTest, NoItemsOrTooManyAreRefusedWithTheField) {
  v1::ScoreRequest request;
  v1::ScoreResponse response;
  grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("items"), std::string::npos);
  for (int i = 0; i < 4097; ++i) request.add_items();
  status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RewardServiceTest, TextThatIsNotUtf8IsRefusedWithTheField) {
  v1::ScoreRequest request;
  request.add_items()->set_text("good");
  request.add_items()->set_text("bad \xff");
  v1::ScoreResponse response;
  const grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("items[1].text"), std::string::npos)
      << status.error_message();
}

TEST_F(RewardServiceTest, TellsItsModel) {
  grpc::ClientContext context;
  v1::GetRewardModelResponse response;
  ASSERT_TRUE(stub_->GetRewardModel(&context, {}, &response).ok());
  EXPECT_EQ(response.architecture(), "roberta");
  EXPECT_EQ(response.path(), kTiny);
  EXPECT_EQ(response.max_tokens(), 64u);
  EXPECT_EQ(response.parameters(), 22275u);
  EXPECT_EQ(response.labels_size(), 3);
}

TEST(FillScoreTest, ALogitThatIsNotFiniteIsAnErrorAndNeverANumber) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    v1::ScoreResult result;
    const std::vector<float> logits = {1.0f, bad};
    FillScore(logits, {"neutral", "toxic"}, result);
    EXPECT_EQ(result.error_code(), 13u) << "INTERNAL";
    EXPECT_NE(result.error_message().find("\"toxic\""), std::string::npos);
    EXPECT_EQ(result.logits_size() + result.probabilities_size(), 0);
    EXPECT_EQ(result.label(), "");
  }
}

TEST(FillScoreTest, SoftmaxAndTheMostLikelyLabel) {
  v1::ScoreResult result;
  const std::vector<float> logits = {0.0f, std::log(3.0f)};
  FillScore(logits, {"neutral", "toxic"}, result);
  EXPECT_EQ(result.label(), "toxic");
  EXPECT_NEAR(result.probabilities(0), 0.25, 1e-6);
  EXPECT_NEAR(result.probabilities(1), 0.75, 1e-6);
}

}  // namespace
}  // namespace tact
