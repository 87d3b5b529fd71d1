// LoadAdapter, UnloadAdapter and ListAdapters over loopback gRPC.
#include "services/policy/adapters.h"

#include <gmock/gmock.h>

#include "common/base/file.h"
#include "common/model/lora_config.h"
#include "services/policy/testing/policy_fixture.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

class AdaptersTest : public testing::PolicyFixture {
 protected:
  PolicyServiceOptions Options() const override {
    PolicyServiceOptions options = PolicyFixture::Options();
    options.adapter_dir = root_;
    return options;
  }
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) / "adapters";
    std::filesystem::remove_all(root_);
    PolicyFixture::SetUp();
    WriteAdapter("polite", {"q", "v", "wo"}, 5);
    WriteAdapter("short", {"k", "lm_head"}, 6);
  }

  void WriteAdapter(const std::string& name, const std::vector<std::string>& targets,
                    uint64_t seed) const {
    std::filesystem::create_directories(root_ / name);
    const LoraConfig config = {.r = 3, .alpha = 6, .target_modules = targets};
    const auto weights = testing::RandomLora(config_, targets, 3, seed);
    ASSERT_TRUE(WriteFileAtomically(root_ / name / "adapter_config.json", config.ToJson()).ok());
    ASSERT_TRUE(
        WriteFileAtomically(root_ / name / "adapter_model.safetensors", testing::Serialize(weights))
            .ok());
  }
  grpc::Status Load(const std::string& adapter, const std::string& path,
                    const std::string& parent = "") {
    v1::LoadAdapterRequest request;
    request.set_adapter(adapter);
    request.set_path(path);
    request.set_parent(parent);
    grpc::ClientContext context;
    return stub_->LoadAdapter(&context, request, &loaded_);
  }
  grpc::Status Unload(const std::string& adapter) {
    v1::UnloadAdapterRequest request;
    request.set_adapter(adapter);
    v1::UnloadAdapterResponse response;
    grpc::ClientContext context;
    return stub_->UnloadAdapter(&context, request, &response);
  }
  std::vector<std::string> List() {
    v1::ListAdaptersResponse response;
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->ListAdapters(&context, {}, &response).ok());
    std::vector<std::string> names;
    for (const v1::ServedModel& model : response.models()) names.push_back(model.name());
    return names;
  }
  std::vector<int32_t> Answer(const std::string& model) {
    v1::GenerateRequest request;
    request.set_model(model);
    request.add_prompts("Ann: Hello, Ben.");
    request.set_return_tokens(true);
    request.mutable_sampling()->set_max_new_tokens(12);
    v1::GenerateResponse response;
    const grpc::Status status = Generate(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return {};
    const auto& ids = response.completions(0).token_ids();
    return {ids.begin(), ids.end()};
  }

  std::filesystem::path root_;
  v1::LoadAdapterResponse loaded_;
};

TEST_F(AdaptersTest, EachRequestNamesItsOwn) {
  ASSERT_TRUE(Load("a", "polite").ok());
  EXPECT_EQ(loaded_.model().parent(), "base");
  EXPECT_EQ(loaded_.model().sha256().size(), 64u);
  ASSERT_TRUE(Load("b", "short").ok());
  EXPECT_THAT(List(), ::testing::ElementsAre("a", "b"));
  EXPECT_NE(Answer("a"), Answer("base"));
  EXPECT_NE(Answer("a"), Answer("b"));
}

TEST_F(AdaptersTest, ALoadMayBeRepeatedButNotReplaced) {
  ASSERT_TRUE(Load("a", "polite").ok());
  EXPECT_TRUE(Load("a", "polite").ok());
  const grpc::Status other = Load("a", "short");
  EXPECT_EQ(other.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(other.error_message(), HasSubstr("unload it first"));
  ASSERT_TRUE(Unload("a").ok());
  EXPECT_TRUE(Load("a", "short").ok());
}

TEST_F(AdaptersTest, WhatIsUnloadedIsNotFound) {
  ASSERT_TRUE(Load("a", "polite").ok());
  ASSERT_TRUE(Unload("a").ok());
  EXPECT_TRUE(List().empty());
  EXPECT_EQ(Unload("a").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Unload("base").error_message(), HasSubstr("is no adapter"));
}

TEST_F(AdaptersTest, ErrorsNameTheFieldOrFile) {
  ASSERT_TRUE(Load("a", "polite").ok());
  std::filesystem::create_directories(root_ / "half");
  std::filesystem::copy(root_ / "polite/adapter_config.json", root_ / "half");
  EXPECT_EQ(Load("x", "../..").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(Load("x", "").error_message(), HasSubstr("path"));
  EXPECT_THAT(Load("x", "none").error_message(), HasSubstr("none/adapter_config.json"));
  EXPECT_THAT(Load("x", "half").error_message(), HasSubstr("adapter_model"));
  EXPECT_THAT(Load("base", "polite").error_message(), HasSubstr("adapter"));
  EXPECT_THAT(Load("x", "polite", "a").error_message(), HasSubstr("is an adapter itself"));
  EXPECT_EQ(Load("x", "polite", "nobody").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(AdaptersTest, TheFlagLoadsAtStart) {
  const AdapterHandler& adapters = service_->adapters();
  EXPECT_TRUE(adapters.LoadAtStart("a=" + (root_ / "polite").string()).ok());
  EXPECT_THAT(List(), ::testing::ElementsAre("a"));
  EXPECT_THAT(adapters.LoadAtStart("polite").ToString(), HasSubstr("NAME=FOLDER"));
}

}  // namespace
}  // namespace tact
