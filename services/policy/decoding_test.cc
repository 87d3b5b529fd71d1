// What stop strings, top logprobs and beams do, seen through the service.
#include <gmock/gmock.h>

#include <cmath>

#include "services/policy/testing/policy_fixture.h"

namespace tact {
namespace {

class DecodingTest : public testing::PolicyFixture {
 protected:
  static v1::GenerateRequest Request() {
    v1::GenerateRequest request;
    request.add_prompts("Ann: Hello, Ben.");
    request.set_return_tokens(true);
    request.mutable_sampling()->set_max_new_tokens(16);
    return request;
  }
  v1::GenerateResponse Answer(const v1::GenerateRequest& request) {
    v1::GenerateResponse response;
    const grpc::Status status = Generate(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(DecodingTest, AStopStringEndsTheResponseBeforeItself) {
  v1::GenerateRequest request = Request();
  const v1::GenerateResponse response = Answer(request);
  const v1::Completion& whole = response.completions(0);
  ASSERT_GE(whole.text().size(), 8u);
  const std::string stop = whole.text().substr(whole.text().size() / 2, 2);
  request.mutable_sampling()->add_stop_strings("never in any text");
  request.mutable_sampling()->add_stop_strings(stop);
  const v1::Completion stopped = Answer(request).completions(0);
  EXPECT_EQ(stopped.text(), whole.text().substr(0, whole.text().find(stop)));
  EXPECT_EQ(stopped.finish_reason(), v1::FINISH_REASON_STOP);
  EXPECT_LT(stopped.response_tokens(), whole.response_tokens());
}

TEST_F(DecodingTest, AStopStringThatDoesNotOccurChangesNothing) {
  v1::GenerateRequest request = Request();
  const v1::Completion whole = Answer(request).completions(0);
  request.mutable_sampling()->add_stop_strings("never in any text");
  EXPECT_EQ(Answer(request).completions(0).text(), whole.text());
}

TEST_F(DecodingTest, TopLogprobsAreTheBestTokensOfEachPosition) {
  v1::GenerateRequest request = Request();
  request.mutable_sampling()->set_top_logprobs(3);
  const v1::Completion completion = Answer(request).completions(0);
  ASSERT_EQ(completion.top_logprobs_size(), completion.token_ids_size());
  for (int i = 0; i < completion.token_ids_size(); ++i) {
    const v1::TopLogprobs& top = completion.top_logprobs(i);
    ASSERT_EQ(top.token_ids_size(), 3);
    EXPECT_EQ(top.token_ids(0), completion.token_ids(i)) << "greedy takes the best";
    EXPECT_FLOAT_EQ(top.logprobs(0), completion.logprobs(i));
    EXPECT_GE(top.logprobs(0), top.logprobs(1));
    EXPECT_GE(top.logprobs(1), top.logprobs(2));
    EXPECT_LE(std::exp(top.logprobs(0)) + std::exp(top.logprobs(1)) + std::exp(top.logprobs(2)),
              1.00001);
  }
}

TEST_F(DecodingTest, BeamsGiveTheirBestHypothesesInOrder) {
  v1::GenerateRequest request = Request();
  request.mutable_sampling()->set_num_beams(4);
  request.mutable_sampling()->set_num_samples(3);
  const v1::GenerateResponse response = Answer(request);
  ASSERT_EQ(response.completions_size(), 3);
  for (int i = 1; i < 3; ++i) {
    EXPECT_LE(response.completions(i).beam_score(), response.completions(i - 1).beam_score());
    EXPECT_THAT(
        response.completions(i).token_ids(),
        ::testing::Not(::testing::ElementsAreArray(response.completions(i - 1).token_ids())));
  }
}

TEST_F(DecodingTest, FirstLogprobsAreFrequencies) {
  v1::GenerateRequest request = Request();
  request.mutable_sampling()->set_max_new_tokens(1);
  request.mutable_sampling()->set_top_logprobs(20);
  const v1::TopLogprobs expected = Answer(request).completions(0).top_logprobs(0);
  request.mutable_sampling()->clear_top_logprobs();
  request.mutable_sampling()->set_do_sample(true);
  request.mutable_sampling()->set_num_samples(64);
  std::map<int32_t, int> drawn;
  constexpr int kCalls = 32, kDraws = kCalls * 64;
  for (int call = 0; call < kCalls; ++call) {
    request.mutable_sampling()->set_seed(static_cast<uint64_t>(call));
    const v1::GenerateResponse response = Answer(request);
    for (const v1::Completion& c : response.completions()) ++drawn[c.token_ids(0)];
  }
  // Chi-square over the 20 likeliest tokens and all others: 20 degrees of freedom; 45.3 is exceeded
  // in one of a thousand runs, and the seeds are fixed.
  double rest = 1, rest_drawn = kDraws, chi_square = 0;
  for (int i = 0; i < expected.token_ids_size(); ++i) {
    const double p = std::exp(expected.logprobs(i)), count = drawn[expected.token_ids(i)];
    chi_square += std::pow(count - kDraws * p, 2) / (kDraws * p);
    rest -= p;
    rest_drawn -= count;
  }
  if (rest > 1e-6) chi_square += std::pow(rest_drawn - kDraws * rest, 2) / (kDraws * rest);
  EXPECT_LE(chi_square, 45.3);
}

}  // namespace
}  // namespace tact
