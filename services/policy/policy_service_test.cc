// PolicyService over loopback gRPC: Generate, StreamRollouts, ScoreLogprobs, GetModel.
#include "services/policy/policy_service.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <set>

#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/policy/testing/policy_fixture.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class PolicyServiceTest : public testing::PolicyFixture {};

v1::GenerateRequest Request(const std::vector<std::string>& prompts) {
  v1::GenerateRequest request;
  for (const std::string& prompt : prompts) request.add_prompts(prompt);
  request.mutable_sampling()->set_max_new_tokens(8);
  return request;
}

TEST_F(PolicyServiceTest, GenerateAnswersEveryPromptAndSampleInOrder) {
  v1::GenerateRequest request = Request({"Ann: Hello, Ben.", "Ben: Good bye."});
  request.set_return_tokens(true);
  request.mutable_sampling()->set_do_sample(true);
  request.mutable_sampling()->set_num_samples(3);
  v1::GenerateResponse response;
  const grpc::Status status = Generate(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.completions_size(), 6);
  for (int i = 0; i < 6; ++i) {
    const v1::Completion& completion = response.completions(i);
    EXPECT_EQ(completion.prompt_index(), static_cast<uint32_t>(i / 3));
    EXPECT_EQ(completion.sample_index(), static_cast<uint32_t>(i % 3));
    EXPECT_EQ(completion.token_ids_size(), static_cast<int>(completion.response_tokens()));
    EXPECT_EQ(completion.logprobs_size(), completion.token_ids_size());
    EXPECT_NE(completion.finish_reason(), v1::FINISH_REASON_UNSPECIFIED);
    EXPECT_GT(completion.prompt_tokens(), 2u);
  }
  v1::GenerateResponse again;
  ASSERT_TRUE(Generate(request, &again).ok());
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(again.completions(i).text(), response.completions(i).text()) << "same seed";
  }
}

TEST_F(PolicyServiceTest, LongPromptsAreRefusedOrCutWhereAsked) {
  std::string text;
  for (int i = 0; i < 300; ++i) StrAppend(&text, "word ");
  v1::GenerateRequest request = Request({"short", text});
  v1::GenerateResponse response;
  const grpc::Status refused = Generate(request, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("prompts[1]"));
  request.set_truncate_prompts(true);
  ASSERT_TRUE(Generate(request, &response).ok());
  EXPECT_FALSE(response.completions(0).prompt_truncated());
  EXPECT_TRUE(response.completions(1).prompt_truncated());
  EXPECT_EQ(response.completions(1).prompt_tokens(), 200u);
}

struct BadRequest {
  const char* why;
  std::function<void(v1::GenerateRequest&)> spoil;
  grpc::StatusCode code;
  const char* names;  // what the message must name
};

TEST_F(PolicyServiceTest, BadRequestsNameTheFieldAndLeaveTheServiceServing) {
  const auto invalid = grpc::StatusCode::INVALID_ARGUMENT;
  const BadRequest cases[] = {
      {"no prompts", [](auto& r) { r.clear_prompts(); }, invalid, "prompts"},
      {"empty prompt", [](auto& r) { r.set_prompts(1, ""); }, invalid, "prompts[1]"},
      {"white space", [](auto& r) { r.set_prompts(1, " \n"); }, invalid, "prompts[1]"},
      {"bad UTF-8", [](auto& r) { r.set_prompts(1, "a\xff"); }, invalid, "prompts[1]"},
      {"too many",
       [](auto& r) {
         for (int i = 0; i < 1023; ++i) r.add_prompts("a");
       },
       invalid, "prompts"},
      {"unknown model", [](auto& r) { r.set_model("polcy"); }, grpc::StatusCode::NOT_FOUND, "base"},
      {"no new tokens", [](auto& r) { r.mutable_sampling()->set_max_new_tokens(0); }, invalid,
       "sampling.max_new_tokens"},
      {"too many new tokens", [](auto& r) { r.mutable_sampling()->set_max_new_tokens(49); },
       invalid, "sampling.max_new_tokens"},
      {"minimum above maximum", [](auto& r) { r.mutable_sampling()->set_min_new_tokens(9); },
       invalid, "sampling.min_new_tokens"},
      {"temperature 0", [](auto& r) { r.mutable_sampling()->set_temperature(0); }, invalid,
       "sampling.temperature"},
      {"temperature NaN", [](auto& r) { r.mutable_sampling()->set_temperature(NAN); }, invalid,
       "sampling.temperature"},
      {"beams beyond the limit", [](auto& r) { r.mutable_sampling()->set_num_beams(99); }, invalid,
       "sampling.num_beams"},
      {"an empty stop string", [](auto& r) { r.mutable_sampling()->add_stop_strings(""); }, invalid,
       "sampling.stop_strings[0]"},
      {"a bad word outside the vocabulary",
       [](auto& r) { r.mutable_sampling()->add_bad_words()->add_ids(1 << 20); }, invalid,
       "sampling.bad_words[0].ids"},
      {"top_p above 1", [](auto& r) { r.mutable_sampling()->set_top_p(1.5f); }, invalid,
       "sampling.top_p"},
      {"greedy samples", [](auto& r) { r.mutable_sampling()->set_num_samples(2); }, invalid,
       "sampling.num_samples"},
      {"queue full",
       [](auto& r) {
         for (int i = 0; i < 50; ++i) r.add_prompts("a");
       },
       grpc::StatusCode::RESOURCE_EXHAUSTED, "queue is full"},
  };
  for (const BadRequest& c : cases) {
    v1::GenerateRequest request = Request({"one", "two"});
    c.spoil(request);
    v1::GenerateResponse response;
    const grpc::Status status = Generate(request, &response);
    EXPECT_EQ(status.error_code(), c.code) << c.why << ": " << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(c.names)) << c.why;
  }
  v1::GenerateResponse response;
  EXPECT_TRUE(Generate(Request({"one"}), &response).ok());
}

v1::StreamRolloutsRequest RolloutRequest(int prompts) {
  v1::StreamRolloutsRequest request;
  for (int i = 0; i < prompts; ++i) {
    v1::RolloutPrompt& prompt = *request.add_prompts();
    prompt.set_id(static_cast<uint64_t>(100 + i));
    for (int token = 0; token < 5 + i; ++token) prompt.add_token_ids(10 + 3 * token + i);
    prompt.add_token_ids(1);
  }
  request.mutable_sampling()->set_max_new_tokens(8);
  request.mutable_sampling()->set_num_samples(2);
  return request;
}

TEST_F(PolicyServiceTest, RolloutsCarryEverythingAndReplayToTheSameLogprobs) {
  std::vector<v1::Rollout> rollouts;
  const v1::StreamRolloutsRequest request = RolloutRequest(5);
  const grpc::Status status = Rollouts(request, &rollouts);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(rollouts.size(), 10u);
  std::set<std::pair<uint64_t, uint32_t>> seen;
  v1::ScoreLogprobsRequest score;
  for (const v1::Rollout& rollout : rollouts) {
    EXPECT_TRUE(seen.emplace(rollout.prompt_id(), rollout.sample_index()).second);
    ASSERT_EQ(rollout.logprobs_size(), rollout.token_ids_size());
    v1::LogprobItem& item = *score.add_items();
    *item.mutable_prompt_ids() =
        request.prompts(static_cast<int>(rollout.prompt_id() - 100)).token_ids();
    *item.mutable_response_ids() = rollout.token_ids();
  }
  grpc::ClientContext context;
  v1::ScoreLogprobsResponse scored;
  ASSERT_TRUE(stub_->ScoreLogprobs(&context, score, &scored).ok());
  for (size_t i = 0; i < rollouts.size(); ++i) {
    const v1::TokenLogprobs& item = scored.items(static_cast<int>(i));
    EXPECT_THAT(item.logprobs(),
                ::testing::Pointwise(::testing::FloatNear(1e-4f), rollouts[i].logprobs()))
        << "temperature 1 and no filter: behaviour is the model";
  }
}

TEST_F(PolicyServiceTest, BadRolloutRequests) {
  struct Case {
    const char* why;
    std::function<void(v1::StreamRolloutsRequest&)> spoil;
    grpc::StatusCode code;
    const char* names;
  };
  const auto invalid = grpc::StatusCode::INVALID_ARGUMENT;
  const Case cases[] = {
      {"id twice", [](auto& r) { r.mutable_prompts(1)->set_id(100); }, invalid, "prompts[1].id"},
      {"no ids", [](auto& r) { r.mutable_prompts(1)->clear_token_ids(); }, invalid,
       "prompts[1].token_ids"},
      {"negative id", [](auto& r) { r.mutable_prompts(0)->set_token_ids(2, -1); }, invalid,
       "prompts[0].token_ids[2]"},
      {"id beyond the vocabulary", [](auto& r) { r.mutable_prompts(0)->set_token_ids(2, 1 << 30); },
       invalid, "prompts[0].token_ids[2]"},
      {"weights too old", [](auto& r) { r.set_min_weight_version(3); },
       grpc::StatusCode::FAILED_PRECONDITION, "version"},
  };
  for (const Case& c : cases) {
    v1::StreamRolloutsRequest request = RolloutRequest(2);
    c.spoil(request);
    std::vector<v1::Rollout> rollouts;
    const grpc::Status status = Rollouts(request, &rollouts);
    EXPECT_EQ(status.error_code(), c.code) << c.why << ": " << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(c.names)) << c.why;
    EXPECT_TRUE(rollouts.empty());
  }
}

TEST_F(PolicyServiceTest, ADeadlineThatPassesFreesTheCaller) {
  v1::StreamRolloutsRequest request = RolloutRequest(30);
  request.mutable_sampling()->set_num_samples(64);
  request.mutable_sampling()->set_max_new_tokens(48);
  request.mutable_sampling()->set_min_new_tokens(48);
  grpc::ClientContext context;
  SetDeadline(context, 0.02);
  const auto reader = stub_->StreamRollouts(&context, request);
  v1::StreamRolloutsResponse message;
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  v1::GenerateResponse response;
  EXPECT_TRUE(Generate(Request({"next"}), &response).ok()) << "the batch is free again";
}

TEST_F(PolicyServiceTest, GetModelTellsLimitsAndNames) {
  grpc::ClientContext context;
  v1::GetModelResponse response;
  ASSERT_TRUE(stub_->GetModel(&context, {}, &response).ok());
  EXPECT_EQ(response.architecture(), "t5");
  EXPECT_EQ(response.vocab_size(), static_cast<uint32_t>(config_.vocab_size));
  EXPECT_EQ(response.max_prompt_tokens(), 200u);
  EXPECT_EQ(response.max_new_tokens(), 48u);
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).name(), "base");
  EXPECT_EQ(response.models(0).parameters(), static_cast<uint64_t>(config_.num_parameters()));
}

}  // namespace
}  // namespace tact
