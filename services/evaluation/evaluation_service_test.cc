#include "services/evaluation/evaluation_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/evaluation/fake_services.h"
#include "services/evaluation/runner/evaluation_spec.h"
#include "services/evaluation/service_stack.h"
#include "services/evaluation/testing.h"

namespace tact {
namespace {

using testing::HasSubstr;

v1::EvaluationSpec ThreeExamples() {
  v1::EvaluationSpec spec;
  spec.set_prompt_template("none");
  for (const char* text : {"a rude joke", "two", "three words here"}) {
    v1::DialogueExample& example = *spec.add_examples();
    example.set_id(std::string("id of ") + text);
    example.set_dialogue(text);
    example.add_references("something else");
    example.add_references(std::string("base says: ") + text);
  }
  return spec;
}

class EvaluationServiceTest : public testing::Test {
 protected:
  EvaluationServiceTest()
      : policy_server_(policy_),
        reward_server_(reward_),
        addresses_{policy_server_.address(), reward_server_.address()} {}

  TestFolder folder_;
  FakePolicy policy_;
  FakeReward reward_;
  FakeServer policy_server_;
  FakeServer reward_server_;
  ModelAddresses addresses_;
};

TEST_F(EvaluationServiceTest, AnEvaluationGeneratesScoresAndAverages) {
  Stack stack(folder_.path(), addresses_);
  const v1::Evaluation evaluation = stack.RunToEnd(ThreeExamples());
  ASSERT_EQ(evaluation.state(), v1::EVALUATION_STATE_SUCCEEDED) << evaluation.error();
  EXPECT_EQ(evaluation.done(), 3u);
  EXPECT_EQ(evaluation.total(), 3u);
  EXPECT_EQ(evaluation.weight_version(), 3u);
  EXPECT_EQ(evaluation.spec().examples_size(), 0);
  EXPECT_EQ(evaluation.spec().model(), "base");
  ASSERT_EQ(evaluation.results_size(), 3);
  EXPECT_EQ(evaluation.results(1).id(), "id of two");
  EXPECT_EQ(evaluation.results(1).response(), "base says: two");
  EXPECT_EQ(evaluation.results(1).reward(), 14);
  EXPECT_NEAR(evaluation.results(0).toxicity(), 0.9, 1e-6);
  EXPECT_EQ(evaluation.results(0).rouge().rouge2(), 1) << "the second reference is the best one";
  EXPECT_EQ(evaluation.rouge().rouge1(), 1);
  EXPECT_NEAR(evaluation.toxicity().mean(), 1.1 / 3, 1e-6);
  EXPECT_NEAR(evaluation.toxicity().ratio(), 1.0 / 3, 1e-9);
  EXPECT_NEAR(evaluation.mean_reward(), (22 + 14 + 27) / 3.0, 1e-6);
  EXPECT_NEAR(evaluation.mean_words(), (5 + 3 + 5) / 3.0, 1e-9);
  ASSERT_EQ(policy_.requests().size(), 2u) << "three prompts, two in a call";
  EXPECT_EQ(policy_.requests()[1].prompts_size(), 1);
}

TEST_F(EvaluationServiceTest, TheSameRequestIdGivesTheSameEvaluation) {
  Stack stack(folder_.path(), addresses_);
  v1::Evaluation first, second, other;
  ASSERT_TRUE(stack.Run(ThreeExamples(), "request-1", &first).ok());
  ASSERT_TRUE(stack.Run(ThreeExamples(), "request-1", &second).ok());
  ASSERT_TRUE(stack.Run(ThreeExamples(), "request-2", &other).ok());
  EXPECT_EQ(first.id(), second.id());
  EXPECT_NE(first.id(), other.id());
  stack.WaitForEnd(other.id());
  EXPECT_EQ(policy_.requests().size(), 4u) << "two evaluations of two calls";
}

TEST_F(EvaluationServiceTest, WrongSpecsAreRefusedWithFieldAndCure) {
  struct Case {
    void (*spoil)(v1::EvaluationSpec&);
    std::vector<const char*> parts;
  };
  const std::vector<Case> cases = {
      {[](auto& spec) { spec.clear_examples(); }, {"spec.examples", "1 to 10000"}},
      {[](auto& spec) { spec.mutable_examples(1)->set_dialogue(" \n"); },
       {"spec.examples[1].dialogue", "empty", "id of two"}},
      {[](auto& spec) { spec.mutable_examples(2)->set_id("id of two"); },
       {"spec.examples[2].id", "spec.examples[1]"}},
      {[](auto& spec) { spec.mutable_examples(0)->clear_id(); }, {"spec.examples[0].id"}},
      {[](auto& spec) { spec.set_prompt_template("Summarise {dialog}"); },
       {"spec.prompt_template", "dialog"}},
      {[](auto& spec) { spec.mutable_sampling()->set_num_samples(2); },
       {"spec.sampling.num_samples", "2"}},
      {[](auto& spec) { spec.set_reward_label("toxic"); }, {"spec.reward_label"}},
      {[](auto& spec) { spec.set_name(std::string(300, 'n')); }, {"spec.name"}},
  };
  Stack stack(folder_.path(), addresses_);
  for (const Case& c : cases) {
    v1::EvaluationSpec spec = ThreeExamples();
    c.spoil(spec);
    v1::Evaluation evaluation;
    const grpc::Status status = stack.Run(spec, "", &evaluation);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << c.parts[0];
    for (const char* part : c.parts) EXPECT_THAT(status.error_message(), HasSubstr(part));
  }
  EXPECT_TRUE(stack.store().List(10, "")->summaries.empty()) << "nothing refused is stored";
}

TEST_F(EvaluationServiceTest, ALabelTheClassifierLacksFailsWithTheLabelsItHas) {
  Stack stack(folder_.path(), addresses_);
  v1::EvaluationSpec spec = ThreeExamples();
  spec.set_toxic_label("hate");
  const v1::Evaluation evaluation = stack.RunToEnd(spec);
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_FAILED);
  for (const char* part : {"spec.toxic_label", "hate", "neutral, toxic"}) {
    EXPECT_THAT(evaluation.error(), HasSubstr(part));
  }
}

TEST_F(EvaluationServiceTest, AServiceThatIsDownFailsTheEvaluationAndSaysWhatToDo) {
  const std::string nowhere = "127.0.0.1:" + std::to_string(FreePort());
  struct Case {
    ModelAddresses addresses;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {{nowhere, reward_server_.address()}, {"policy service", nowhere, "tact-policy", "--policy"}},
      {{policy_server_.address(), nowhere}, {"reward service", nowhere, "tact-reward", "--reward"}},
  };
  for (const Case& c : cases) {
    Stack stack(folder_.path(), c.addresses);
    const v1::Evaluation evaluation = stack.RunToEnd(ThreeExamples());
    EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_FAILED);
    for (const auto& part : c.parts) EXPECT_THAT(evaluation.error(), HasSubstr(part));
  }
}

TEST_F(EvaluationServiceTest, AServiceThatComesLateIsWaitedFor) {
  const int port = FreePort();
  Stack stack(folder_.path(), {policy_server_.address(), "127.0.0.1:" + std::to_string(port)}, 60);
  v1::Evaluation evaluation;
  ASSERT_TRUE(stack.Run(ThreeExamples(), "", &evaluation).ok());
  absl::SleepFor(absl::Milliseconds(400));
  FakeReward late;
  FakeServer server(late, port);
  EXPECT_EQ(stack.WaitForEnd(evaluation.id()).state(), v1::EVALUATION_STATE_SUCCEEDED);
}

TEST_F(EvaluationServiceTest, AFailedScoreIsNeverANumber) {
  Stack stack(folder_.path(), addresses_);
  v1::EvaluationSpec spec = ThreeExamples();
  spec.mutable_examples(1)->set_dialogue("broken");
  const v1::Evaluation evaluation = stack.RunToEnd(spec);
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_FAILED);
  EXPECT_THAT(evaluation.error(), HasSubstr("id of two"));
  EXPECT_THAT(evaluation.error(), HasSubstr("the logit is nan"));
}

TEST_F(EvaluationServiceTest, APromptThatThePolicyRefusesIsNamedByItsExample) {
  Stack stack(folder_.path(), addresses_);
  v1::EvaluationSpec spec = ThreeExamples();
  spec.mutable_examples(2)->set_dialogue("too long");
  const v1::Evaluation evaluation = stack.RunToEnd(spec);
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_FAILED);
  for (const char* part : {"spec.examples[2]", "id of three words here", "limit of 512"}) {
    EXPECT_THAT(evaluation.error(), HasSubstr(part));
  }
}

TEST_F(EvaluationServiceTest, WeightsThatChangeOnTheWayFailTheEvaluation) {
  policy_.grow_version = true;
  Stack stack(folder_.path(), addresses_);
  const v1::Evaluation evaluation = stack.RunToEnd(ThreeExamples());
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_FAILED);
  EXPECT_THAT(evaluation.error(), HasSubstr("from version 1 to 2"));
}

TEST_F(EvaluationServiceTest, AnInterruptedEvaluationRunsAgainAtTheNextStart) {
  policy_.blocked = true;
  v1::Evaluation evaluation;
  {
    Stack stack(folder_.path(), addresses_);
    ASSERT_TRUE(stack.Run(ThreeExamples(), "", &evaluation).ok());
  }
  policy_.blocked = false;
  Stack stack(folder_.path(), addresses_);
  const v1::Evaluation ended = stack.WaitForEnd(evaluation.id());
  EXPECT_EQ(ended.state(), v1::EVALUATION_STATE_SUCCEEDED) << ended.error();
  EXPECT_EQ(ended.results_size(), 3);
}

TEST_F(EvaluationServiceTest, ListsInPagesAndNamesWhatIsNotThere) {
  Stack stack(folder_.path(), addresses_);
  for (int i = 0; i < 3; ++i) stack.RunToEnd(ThreeExamples());
  v1::ListEvaluationsRequest request;
  request.set_page_size(2);
  v1::ListEvaluationsResponse first, second;
  grpc::ClientContext context1, context2, context3, context4;
  ASSERT_TRUE(stack.stub().ListEvaluations(&context1, request, &first).ok());
  EXPECT_EQ(first.evaluations_size(), 2);
  request.set_page_token(first.next_page_token());
  ASSERT_TRUE(stack.stub().ListEvaluations(&context2, request, &second).ok());
  EXPECT_EQ(second.evaluations_size(), 1);
  request.set_page_size(1001);
  EXPECT_EQ(stack.stub().ListEvaluations(&context3, request, &second).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::GetEvaluationRequest unknown;
  unknown.set_id("../../etc/passwd");
  v1::GetEvaluationResponse response;
  const grpc::Status status = stack.stub().GetEvaluation(&context4, unknown, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("../../etc/passwd"));
}

// The whole report, chunk by chunk.
grpc::Status ReadReport(Stack& stack, const v1::GetReportRequest& request, std::string* bytes) {
  grpc::ClientContext context;
  auto reader = stack.stub().GetReport(&context, request);
  v1::GetReportResponse response;
  bytes->clear();
  while (reader->Read(&response)) {
    EXPECT_LE(response.chunk().size(), 65536u);
    *bytes += response.chunk();
  }
  return reader->Finish();
}

TEST_F(EvaluationServiceTest, ComparesAndReportsInThreeFormats) {
  Stack stack(folder_.path(), addresses_);
  v1::EvaluationSpec spec = ThreeExamples();
  spec.mutable_examples(2)->set_dialogue(std::string(200'000, 'x') + "\xC3\xA4");
  const std::string before = stack.RunToEnd(spec).id();
  spec.set_model("after-ppo");
  const std::string after = stack.RunToEnd(spec).id();

  v1::CompareRequest compare;
  compare.set_before_id(before);
  compare.set_after_id(after);
  v1::CompareResponse comparison;
  grpc::ClientContext context;
  ASSERT_TRUE(stack.stub().Compare(&context, compare, &comparison).ok());
  EXPECT_EQ(comparison.rows_size(), 3);
  EXPECT_NEAR(comparison.reward_change(), 5, 1e-9)
      << "\"after-ppo\" has five letters more than \"base\"";

  v1::GetReportRequest request;
  request.set_before_id(before);
  request.set_after_id(after);
  request.add_other_ids(before);
  std::string bytes;
  const std::vector<std::pair<v1::ReportFormat, const char*>> formats = {
      {v1::REPORT_FORMAT_HTML, "<!DOCTYPE html>"},
      {v1::REPORT_FORMAT_JSON, "{\n  \"before\""},
      {v1::REPORT_FORMAT_CSV, "id,reward_before"}};
  for (const auto& [format, start] : formats) {
    request.set_format(format);
    ASSERT_TRUE(ReadReport(stack, request, &bytes).ok());
    EXPECT_THAT(bytes, testing::StartsWith(start));
    EXPECT_GT(bytes.size(), 200'000u);
  }
}

TEST_F(EvaluationServiceTest, WrongReportRequestsAreRefused) {
  Stack stack(folder_.path(), addresses_);
  const std::string id = stack.RunToEnd(ThreeExamples()).id();
  v1::GetReportRequest good;
  good.set_before_id(id);
  good.set_after_id(id);
  good.set_format(v1::REPORT_FORMAT_HTML);
  v1::GetReportRequest no_format = good, no_before = good, no_other = good, odd_curve = good;
  no_format.clear_format();
  no_before.set_before_id("nobody");
  no_other.add_other_ids("nobody");
  odd_curve.add_curves()->add_steps(1);
  const std::vector<std::tuple<v1::GetReportRequest, grpc::StatusCode, const char*>> cases = {
      {no_format, grpc::StatusCode::INVALID_ARGUMENT, "format"},
      {no_before, grpc::StatusCode::NOT_FOUND, "before_id"},
      {no_other, grpc::StatusCode::NOT_FOUND, "other_ids"},
      {odd_curve, grpc::StatusCode::INVALID_ARGUMENT, "curves[0]"}};
  for (const auto& [request, code, part] : cases) {
    std::string bytes;
    const grpc::Status status = ReadReport(stack, request, &bytes);
    EXPECT_EQ(status.error_code(), code) << part;
    EXPECT_THAT(status.error_message(), HasSubstr(part));
  }
}

TEST_F(EvaluationServiceTest, ComputesRouge) {
  Stack stack(folder_.path(), addresses_);
  v1::ComputeRougeRequest request;
  request.add_predictions("the cats sat");
  request.add_predictions("nothing shared");
  request.add_references("the cat sat");
  v1::ComputeRougeResponse response;
  grpc::ClientContext context1, context2, context3;
  EXPECT_EQ(stack.stub().ComputeRouge(&context1, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.add_references("other words");
  ASSERT_TRUE(stack.stub().ComputeRouge(&context2, request, &response).ok());
  EXPECT_EQ(response.scores(0).rouge1(), 1);
  EXPECT_EQ(response.mean().rouge1(), 0.5);
  request.set_use_stemmer(false);
  ASSERT_TRUE(stack.stub().ComputeRouge(&context3, request, &response).ok());
  EXPECT_NEAR(response.scores(0).rouge1(), 2.0 / 3, 1e-12);
}

TEST_F(EvaluationServiceTest, ComputesToxicityOrNamesTheServiceThatIsDown) {
  v1::ComputeToxicityRequest request;
  request.add_texts("a rude word");
  request.add_texts("a kind word");
  v1::ComputeToxicityResponse response;
  {
    Stack stack(folder_.path(), addresses_);
    grpc::ClientContext context1, context2, context3;
    ASSERT_TRUE(stack.stub().ComputeToxicity(&context1, request, &response).ok());
    ASSERT_EQ(response.toxicities_size(), 2);
    EXPECT_NEAR(response.stats().mean(), 0.5, 1e-6);
    request.set_toxic_label("hate");
    EXPECT_EQ(stack.stub().ComputeToxicity(&context2, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    request.clear_toxic_label();
    request.add_texts("broken");
    const grpc::Status broken = stack.stub().ComputeToxicity(&context3, request, &response);
    EXPECT_EQ(broken.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_THAT(broken.error_message(), HasSubstr("texts[2]"));
  }
  const std::string nowhere = "127.0.0.1:" + std::to_string(FreePort());
  Stack stack(folder_.path(), {policy_server_.address(), nowhere});
  grpc::ClientContext context;
  const grpc::Status down = stack.stub().ComputeToxicity(&context, request, &response);
  EXPECT_EQ(down.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(down.error_message(), HasSubstr("reward service at " + nowhere));
}

TEST(FillDefaultsTest, WhatIsNotSaidTakesTheDocumentedDefaults) {
  v1::EvaluationSpec spec;
  FillDefaults(spec);
  EXPECT_EQ(spec.model(), "base");
  EXPECT_EQ(spec.prompt_template(), "summarize");
  EXPECT_TRUE(spec.use_stemmer());
  EXPECT_EQ(spec.reward_label(), "neutral");
  EXPECT_EQ(spec.toxic_label(), "toxic");
}

}  // namespace
}  // namespace tact
