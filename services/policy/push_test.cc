// PushWeights over loopback gRPC: what is accepted, refused, and served afterwards.
#include "services/policy/push.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "common/base/sha256.h"
#include "services/policy/testing/policy_fixture.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class PushTest : public testing::PolicyFixture {
 protected:
  std::string TextOf(const std::string& model) {
    v1::GenerateRequest request;
    request.set_model(model);
    for (const char* prompt : {"Ann: Hello, Ben.", "Ben: Good bye.", "Eve: What is it?"}) {
      request.add_prompts(prompt);
    }
    v1::GenerateResponse response;
    const grpc::Status status = Generate(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string text;
    for (const v1::Completion& completion : response.completions()) text += completion.text();
    return text;
  }
  v1::PushHeader LoraHeader(const std::string& model, const std::string& payload) {
    v1::PushHeader header = HeaderFor(model, 1, payload);
    header.mutable_lora()->set_rank(3);
    header.mutable_lora()->set_alpha(6);
    return header;
  }
};

TEST_F(PushTest, ServesPushedWeightsAndEchoesVersionAndDigest) {
  const std::string payload = FullPayload(41);
  const std::string before = TextOf("base");
  v1::PushWeightsResponse response;
  const grpc::Status status = Push(HeaderFor("policy", 7, payload), payload, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.model().name(), "policy");
  EXPECT_EQ(response.model().weight_version(), 7u);
  EXPECT_EQ(response.model().sha256(), Sha256Hex(payload));
  EXPECT_NE(TextOf("policy"), before);
  EXPECT_EQ(TextOf("base"), before) << "the base stays";
}

TEST_F(PushTest, AnAdapterServesWhatItsMergedWeightsServe) {
  const testing::Weights lora = testing::RandomLora(config_, {"q", "v", "wo"}, 3, 51);
  const std::string adapter = testing::Serialize(lora);
  const std::string merged =
      testing::Serialize(testing::Merge(testing::RandomWeights(config_, 31), lora, 3, 2.0f));
  v1::PushWeightsResponse response;
  grpc::Status status = Push(LoraHeader("adapter", adapter), adapter, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.model().parent(), "base");
  status = Push(HeaderFor("merged", 1, merged), merged, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(TextOf("adapter"), TextOf("merged"));
  EXPECT_NE(TextOf("adapter"), TextOf("base"));
}

TEST_F(PushTest, VersionsGrowAndARepeatedPushIsHarmless) {
  const std::string payload = FullPayload(41), other = FullPayload(42);
  v1::PushWeightsResponse response;
  ASSERT_TRUE(Push(HeaderFor("policy", 2, payload), payload, &response).ok());
  EXPECT_TRUE(Push(HeaderFor("policy", 2, payload), payload, &response).ok());
  EXPECT_EQ(response.model().weight_version(), 2u);
  EXPECT_EQ(Push(HeaderFor("policy", 2, other), other, &response).error_code(),
            grpc::StatusCode::ABORTED);
  EXPECT_EQ(Push(HeaderFor("policy", 1, other), other, &response).error_code(),
            grpc::StatusCode::ABORTED);
  EXPECT_TRUE(Push(HeaderFor("policy", 3, other), other, &response).ok());
  EXPECT_EQ(response.model().weight_version(), 3u);
}

struct BadPush {
  const char* why;
  std::function<void(v1::PushHeader&, std::string&)> spoil;
  grpc::StatusCode code;
  const char* names;
};

TEST_F(PushTest, DamagedAndWrongPayloadsAreRefusedAndNothingChanges) {
  const auto invalid = grpc::StatusCode::INVALID_ARGUMENT;
  const auto data_loss = grpc::StatusCode::DATA_LOSS;
  const auto set = [](v1::PushHeader& header, std::string& payload, const testing::Weights& w) {
    payload = testing::Serialize(w);
    header.set_sha256(Sha256Hex(payload));
    header.set_total_bytes(payload.size());
  };
  testing::Weights missing = testing::RandomWeights(config_, 1), shape = missing, extra = missing,
                   broken = missing;
  missing.erase("encoder.final_layer_norm.weight");
  shape["decoder.final_layer_norm.weight"] = {{12, 2}, std::vector<float>(24)};
  extra["decoder.block.9.layer.0.layer_norm.weight"] = {{1}, {0}};
  broken["lm_head.weight"].values[5] = NAN;
  const BadPush cases[] = {
      {"a flipped bit", [](auto&, auto& p) { p[p.size() / 2] ^= 1; }, data_loss, "SHA-256"},
      {"ended early", [](auto&, auto& p) { p.resize(p.size() - 9); }, data_loss, "ended early"},
      {"more than announced", [](auto&, auto& p) { p += "more"; }, invalid, "total_bytes"},
      {"name", [](auto& h, auto&) { h.set_model("Policy"); }, invalid, "header.model"},
      {"base", [](auto& h, auto&) { h.set_model("base"); }, invalid, "header.model"},
      {"version 0", [](auto& h, auto&) { h.set_weight_version(0); }, invalid, "weight_version"},
      {"digest", [](auto& h, auto&) { h.set_sha256("abc"); }, invalid, "header.sha256"},
      {"size", [](auto& h, auto&) { h.set_total_bytes(5 << 20); }, invalid, "--max-push-mb"},
      {"rank 0", [](auto& h, auto&) { h.mutable_lora()->set_alpha(1); }, invalid, "lora.rank"},
      {"missing tensor", [&](auto& h, auto& p) { set(h, p, missing); }, invalid,
       "encoder.final_layer_norm.weight"},
      {"wrong shape", [&](auto& h, auto& p) { set(h, p, shape); }, invalid,
       "decoder.final_layer_norm.weight"},
      {"unknown tensor", [&](auto& h, auto& p) { set(h, p, extra); }, invalid,
       "decoder.block.9.layer.0.layer_norm.weight"},
      {"NaN", [&](auto& h, auto& p) { set(h, p, broken); }, invalid, "lm_head.weight"},
  };
  const std::string before = TextOf("base");
  for (const BadPush& c : cases) {
    std::string payload = FullPayload(41);
    v1::PushHeader header = HeaderFor("policy", 1, payload);
    c.spoil(header, payload);
    v1::PushWeightsResponse response;
    const grpc::Status status = Push(header, payload, &response);
    EXPECT_EQ(status.error_code(), c.code) << c.why << ": " << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(c.names)) << c.why;
  }
  grpc::ClientContext context;
  v1::GetModelResponse models;
  ASSERT_TRUE(stub_->GetModel(&context, {}, &models).ok());
  EXPECT_EQ(models.models_size(), 1);
  EXPECT_EQ(TextOf("base"), before);
}

TEST_F(PushTest, AdaptersThatDoNotFitAreRefused) {
  const std::string good = testing::Serialize(testing::RandomLora(config_, {"q"}, 3, 51));
  testing::Weights odd = testing::RandomLora(config_, {"q"}, 3, 51);
  odd.erase(odd.begin());  // lora_A without its lora_B, or the other way round
  const std::string alone = testing::Serialize(odd);
  struct Case {
    const char* why;
    std::string payload;
    std::function<void(v1::PushHeader&)> spoil;
    grpc::StatusCode code;
  };
  const auto invalid = grpc::StatusCode::INVALID_ARGUMENT;
  const Case cases[] = {
      {"another rank", good, [](auto& h) { h.mutable_lora()->set_rank(4); }, invalid},
      {"unknown parent", good, [](auto& h) { h.mutable_lora()->set_parent("nobody"); },
       grpc::StatusCode::NOT_FOUND},
      {"a pair without its half", alone, [](auto&) {}, invalid},
      {"full weights as an adapter", FullPayload(41), [](auto&) {}, invalid},
  };
  for (const Case& c : cases) {
    v1::PushHeader header = LoraHeader("adapter", c.payload);
    c.spoil(header);
    v1::PushWeightsResponse response;
    EXPECT_EQ(Push(header, c.payload, &response).error_code(), c.code) << c.why;
  }
}

TEST_F(PushTest, TheNumberOfServedModelsIsBounded) {
  const std::string payload = testing::Serialize(testing::RandomLora(config_, {"q"}, 3, 51));
  v1::PushWeightsResponse response;
  ASSERT_TRUE(Push(LoraHeader("one", payload), payload, &response).ok());
  ASSERT_TRUE(Push(LoraHeader("two", payload), payload, &response).ok());
  const grpc::Status status = Push(LoraHeader("three", payload), payload, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("--max-models"));
}

TEST_F(PushTest, AChunkWithoutAHeaderIsRefused) {
  grpc::ClientContext context;
  v1::PushWeightsResponse response;
  const auto writer = stub_->PushWeights(&context, &response);
  v1::PushWeightsRequest message;
  message.set_chunk("abc");
  writer->Write(message);
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("header"));
}

}  // namespace
}  // namespace tact
