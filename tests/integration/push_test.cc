// PushWeights over the wire: the version grows, the checksum is echoed, what is refused is not
// served.
#include <gmock/gmock.h>

#include "common/base/sha256.h"
#include "common/rpc/channel.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tests/integration/cluster.h"

namespace tact::testing {
namespace {

struct Pushed {
  grpc::Status status;
  v1::PushWeightsResponse response;
};

class PushTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Started()) << cluster_.Logs();
    stub_ = v1::PolicyService::NewStub(MakeChannel(cluster_.AddressOf("policy")));
    payload_ = ReadAll(SourceDir() / "models" / "policy" / "model.safetensors");
  }

  Pushed Push(uint64_t version, const std::string& sha256) {
    grpc::ClientContext context;
    SetDeadline(context, 60);
    Pushed out;
    const auto writer = stub_->PushWeights(&context, &out.response);
    v1::PushWeightsRequest request;
    request.mutable_header()->set_model("copy");
    request.mutable_header()->set_weight_version(version);
    request.mutable_header()->set_sha256(sha256);
    request.mutable_header()->set_total_bytes(payload_.size());
    bool open = writer->Write(request);
    for (size_t begin = 0; open && begin < payload_.size(); begin += 1 << 20) {
      v1::PushWeightsRequest part;
      part.set_chunk(payload_.substr(begin, 1 << 20));
      open = writer->Write(part);
    }
    writer->WritesDone();
    out.status = writer->Finish();
    return out;
  }

  std::string Generate(const std::string& model) {
    grpc::ClientContext context;
    SetDeadline(context, 60);
    v1::GenerateRequest request;
    request.set_model(model);
    request.add_prompts("#Person1#: Hi, I am Ann. Can you book a taxi?\n#Person2#: Yes, Ann.");
    v1::GenerateResponse response;
    const grpc::Status status = stub_->Generate(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.completions_size() == 1 ? response.completions(0).text() : "";
  }

  TestCluster cluster_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
  std::string payload_;
};

TEST_F(PushTest, OnlyWhatIsWholeAndNewerIsServed) {
  const std::string sha256 = Sha256Hex(payload_);
  const Pushed first = Push(3, sha256);
  ASSERT_TRUE(first.status.ok()) << first.status.error_message();
  EXPECT_EQ(first.response.model().weight_version(), 3u);
  EXPECT_EQ(first.response.model().sha256(), sha256);
  EXPECT_EQ(Generate("copy"), Generate("base"));

  EXPECT_TRUE(Push(3, sha256).status.ok()) << "the same push again is no error";
  EXPECT_EQ(Push(2, sha256).status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(Push(4, std::string(64, '0')).status.error_code(), grpc::StatusCode::DATA_LOSS);

  v1::GetModelRequest request;
  request.set_model("copy");
  v1::GetModelResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetModel(&context, request, &response).ok());
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).weight_version(), 3u);
  EXPECT_EQ(response.models(0).sha256(), sha256);
}

}  // namespace
}  // namespace tact::testing
