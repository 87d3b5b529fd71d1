// Compare, GetReport, ComputeRouge and ComputeToxicity over loopback gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/evaluation/service_stack.h"

namespace tact {
namespace {

using testing::HasSubstr;

class EvaluationReportsTest : public ServiceFixture {};

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

TEST_F(EvaluationReportsTest, ComparesAndReportsInFourFormats) {
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
  ASSERT_EQ(comparison.tests_size(), 7);
  EXPECT_EQ(comparison.tests(1).measure(), "reward");
  EXPECT_EQ(comparison.tests(1).mean_difference(), 5);
  EXPECT_EQ(comparison.tests(1).permutation_p(), 0.25) << "2 of the 8 signs of three pairs";
  EXPECT_FALSE(comparison.tests(1).has_cohens_d()) << "all differences are the same";

  v1::GetReportRequest request;
  request.set_before_id(before);
  request.set_after_id(after);
  request.add_other_ids(before);
  std::string bytes;
  const std::vector<std::pair<v1::ReportFormat, const char*>> formats = {
      {v1::REPORT_FORMAT_HTML, "<!DOCTYPE html>"},
      {v1::REPORT_FORMAT_JSON, "{\n  \"before\""},
      {v1::REPORT_FORMAT_CSV, "id,reward_before"},
      {v1::REPORT_FORMAT_SUMMARY_CSV, "evaluation,measure,statistic,value"}};
  for (const auto& [format, start] : formats) {
    request.set_format(format);
    ASSERT_TRUE(ReadReport(stack, request, &bytes).ok());
    EXPECT_THAT(bytes, testing::StartsWith(start));
    if (format != v1::REPORT_FORMAT_SUMMARY_CSV) {
      EXPECT_GT(bytes.size(), 200'000u);
    }
  }
}

TEST_F(EvaluationReportsTest, ARecordOfAnEarlierVersionIsReadComparedAndReported) {
  // Written by a service that knew neither intervals, quantiles, tokens nor thresholds.
  const std::string id = "eval-1546e227668dfb34b1c8";
  std::filesystem::create_directories(folder_.path());
  std::filesystem::copy_file("testdata/" + id + ".evaluation",
                             folder_.path() / (id + ".evaluation"));
  Stack stack(folder_.path(), addresses_);
  const v1::Evaluation old = stack.WaitForEnd(id);
  ASSERT_EQ(old.state(), v1::EVALUATION_STATE_SUCCEEDED);
  EXPECT_EQ(old.results_size(), 4);
  EXPECT_NEAR(old.rouge().rouge1(), 0.3607, 5e-5) << "what the earlier version printed";
  EXPECT_GT(old.rouge_intervals().rouge1().high(), 0.3607);
  EXPECT_NEAR(old.response_words().mean(), 7, 1e-9);
  EXPECT_EQ(old.toxicity().threshold(), 0.5);
  EXPECT_FALSE(old.has_response_tokens());
  v1::CompareRequest request;
  request.set_before_id(id);
  request.set_after_id(id);
  v1::CompareResponse comparison;
  grpc::ClientContext context;
  ASSERT_TRUE(stack.stub().Compare(&context, request, &comparison).ok());
  ASSERT_EQ(comparison.tests_size(), 7);
  EXPECT_EQ(comparison.tests(0).permutation_p(), 1);
  EXPECT_EQ(comparison.tests(0).in_words(), "no change");
}

TEST_F(EvaluationReportsTest, WrongReportRequestsAreRefused) {
  Stack stack(folder_.path(), addresses_);
  const std::string id = stack.RunToEnd(ThreeExamples()).id();
  v1::GetReportRequest good;
  good.set_before_id(id);
  good.set_after_id(id);
  good.set_format(v1::REPORT_FORMAT_HTML);
  v1::GetReportRequest no_format = good, no_before = good, no_after = good, no_other = good,
                       odd_curve = good;
  no_format.clear_format();
  no_before.set_before_id("nobody");
  no_after.set_after_id("nobody");
  no_other.add_other_ids("nobody");
  odd_curve.add_curves()->add_steps(1);
  v1::GetReportRequest no_draws = good;
  no_draws.mutable_resampling()->set_permutations(0);
  const std::vector<std::tuple<v1::GetReportRequest, grpc::StatusCode, const char*>> cases = {
      {no_format, grpc::StatusCode::INVALID_ARGUMENT, "format"},
      {no_before, grpc::StatusCode::NOT_FOUND, "before_id: there is no"},
      {no_after, grpc::StatusCode::NOT_FOUND, "after_id: there is no"},
      {no_other, grpc::StatusCode::NOT_FOUND, "other_ids: there is no"},
      {odd_curve, grpc::StatusCode::INVALID_ARGUMENT, "curves[0]"},
      {no_draws, grpc::StatusCode::INVALID_ARGUMENT, "resampling.permutations"}};
  for (const auto& [request, code, part] : cases) {
    std::string bytes;
    const grpc::Status status = ReadReport(stack, request, &bytes);
    EXPECT_EQ(status.error_code(), code) << part;
    EXPECT_THAT(status.error_message(), HasSubstr(part));
  }
}

TEST_F(EvaluationReportsTest, ComputesRouge) {
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
  EXPECT_EQ(response.intervals().rouge1().low(), 0);
  EXPECT_EQ(response.intervals().rouge1().high(), 1);
  request.set_use_stemmer(false);
  ASSERT_TRUE(stack.stub().ComputeRouge(&context3, request, &response).ok());
  EXPECT_NEAR(response.scores(0).rouge1(), 2.0 / 3, 1e-12);
}

TEST_F(EvaluationReportsTest, ComputesToxicityOrNamesTheServiceThatIsDown) {
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
    EXPECT_NEAR(response.stats().quantiles().p75(), 0.7, 1e-6);
    grpc::ClientContext context4, context5;
    request.set_toxicity_threshold(0.95);
    ASSERT_TRUE(stack.stub().ComputeToxicity(&context4, request, &response).ok());
    EXPECT_EQ(response.stats().ratio(), 0);
    request.set_toxicity_threshold(-1);
    EXPECT_EQ(stack.stub().ComputeToxicity(&context5, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    request.clear_toxicity_threshold();
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

}  // namespace
}  // namespace tact
