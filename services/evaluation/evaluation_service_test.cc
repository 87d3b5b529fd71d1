#include "services/evaluation/evaluation_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
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

class EvaluationServiceTest : public ServiceFixture {};

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
  EXPECT_EQ(evaluation.response_words().quantiles().p50(), 5);
  EXPECT_EQ(evaluation.results(1).response_tokens(), 13u);
  EXPECT_EQ(evaluation.response_tokens().min(), 13);
  EXPECT_EQ(evaluation.rouge_intervals().examples(), 3u);
  EXPECT_EQ(evaluation.rouge_intervals().rouge1().low(), 1);
  EXPECT_EQ(evaluation.toxicity().threshold(), 0.5);
  EXPECT_EQ(evaluation.served().sha256(), "5ha");
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
      {[](auto& spec) { spec.set_toxicity_threshold(1.5); }, {"spec.toxicity_threshold", "1.5"}},
      {[](auto& spec) { spec.mutable_resampling()->set_resamples(0); },
       {"spec.resampling.resamples", "1 to 10000"}},
      {[](auto& spec) { spec.mutable_resampling()->set_confidence(0); },
       {"spec.resampling.confidence"}},
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

TEST_F(EvaluationServiceTest, WeightsThatAreNotServedFailWithWhatIs) {
  struct Case {
    const char* model;
    uint64_t version;
    v1::EvaluationState state;
    std::vector<const char*> parts;
  };
  const std::vector<Case> cases = {
      {"detox", 3, v1::EVALUATION_STATE_SUCCEEDED, {}},
      {"detox",
       2,
       v1::EVALUATION_STATE_FAILED,
       {"spec.weight_version", "\"detox\"", "version 3", "found 2", "replaced"}},
      {"detox", 4, v1::EVALUATION_STATE_FAILED, {"spec.weight_version", "version 3", "found 4"}},
      {"gone", 0, v1::EVALUATION_STATE_FAILED, {"spec.model: no such model", "use one of: base"}},
  };
  Stack stack(folder_.path(), addresses_);
  for (const Case& c : cases) {
    v1::EvaluationSpec spec = ThreeExamples();
    spec.set_model(c.model);
    spec.set_weight_version(c.version);
    const v1::Evaluation evaluation = stack.RunToEnd(spec);
    EXPECT_EQ(evaluation.state(), c.state) << c.version << evaluation.error();
    for (const char* part : c.parts) EXPECT_THAT(evaluation.error(), HasSubstr(part));
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

TEST(FillDefaultsTest, WhatIsNotSaidTakesTheDocumentedDefaults) {
  v1::EvaluationSpec spec;
  FillDefaults(spec);
  EXPECT_EQ(spec.model(), "base");
  EXPECT_EQ(spec.prompt_template(), "summarize");
  EXPECT_TRUE(spec.use_stemmer());
  EXPECT_EQ(spec.reward_label(), "neutral");
  EXPECT_EQ(spec.toxic_label(), "toxic");
  EXPECT_EQ(spec.toxicity_threshold(), 0.5);
  EXPECT_EQ(spec.resampling().resamples(), 1000u);
}

}  // namespace
}  // namespace tact
