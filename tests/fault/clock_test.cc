// The machine's clock jumps by an hour while calls are in flight: no deadline passes early, and
// none is forgotten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/rpc/channel.h"
#include "tact/v1/reward.grpc.pb.h"
#include "tests/fault/fleet.h"

namespace tact::testing {
namespace {

namespace fs = std::filesystem;

// Debian's libfaketime, which shows a process a wall clock that a file moves.
std::string FakeTimeLibrary() {
  for (const auto& folder : fs::directory_iterator("/usr/lib")) {
    const fs::path library = folder.path() / "faketime/libfaketime.so.1";
    if (fs::exists(library)) return library.string();
  }
  return "";
}

class ClockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(FakeTimeLibrary(), "") << "scripts/setup installs libfaketime";
    Jump("+0");
  }

  void Jump(const std::string& offset) {
    std::ofstream(folder_.path() / "next") << offset << "\n";
    fs::rename(folder_.path() / "next", clock_);
  }

  // A service that sees this test's clock.
  Service Make(const std::string& name) {
    return Service(name,
                   {"/usr/bin/env", "LD_PRELOAD=" + FakeTimeLibrary(),
                    "FAKETIME_TIMESTAMP_FILE=" + clock_.string(), "FAKETIME_NO_CACHE=1",
                    "FAKETIME_DONT_FAKE_MONOTONIC=1", Binary("tact-" + name), "--model",
                    (SourceDir() / "models" / name).string()},
                   folder_.path());
  }

  static v1::GenerateRequest LongRequest() {
    v1::GenerateRequest request;
    for (int i = 0; i < 16; ++i) request.add_prompts("Ann: Hello, Ben.");
    request.mutable_sampling()->set_max_new_tokens(200);
    request.mutable_sampling()->set_min_new_tokens(200);
    return request;
  }

  const TempFolder folder_;
  const fs::path clock_ = folder_.path() / "clock";
};

// Reads a stream to its end; the clock jumps after its first message.
TEST_F(ClockTest, CallsInFlightEndWell) {
  Service policy = Make("policy");
  ASSERT_TRUE(policy.Start()) << policy.Log();
  const auto stub = v1::PolicyService::NewStub(policy.DirectChannel());
  for (const char* jump : {"+3600", "-3600", "+0"}) {
    v1::StreamGenerateRequest request;
    *request.mutable_generate() = LongRequest();
    grpc::ClientContext context;
    SetDeadline(context, 60);
    const auto reader = stub->StreamGenerate(&context, request);
    v1::StreamGenerateResponse message;
    ASSERT_TRUE(reader->Read(&message)) << jump << ": " << reader->Finish().error_message();
    Jump(jump);
    int ended = 0;
    while (reader->Read(&message)) ended += message.has_completion() ? 1 : 0;
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << jump << ": " << status.error_message();
    EXPECT_EQ(ended, 16) << jump;
  }
}

TEST_F(ClockTest, DeadlinesHoldAfterAJump) {
  Service policy = Make("policy"), reward = Make("reward");
  ASSERT_TRUE(policy.Start() && reward.Start()) << policy.Log() << reward.Log();
  const auto generation = v1::PolicyService::NewStub(policy.DirectChannel());
  const auto classifier = v1::RewardService::NewStub(reward.DirectChannel());
  for (const char* jump : {"+3600", "-3600"}) {
    Jump(jump);
    grpc::ClientContext late, score;
    SetDeadline(late, 0.05);
    v1::GenerateResponse response;
    EXPECT_EQ(generation->Generate(&late, LongRequest(), &response).error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
    SetDeadline(score, 30);
    v1::ScoreRequest texts;
    texts.add_items()->set_text("Hello Ann.");
    v1::ScoreResponse scores;
    const grpc::Status status = classifier->Score(&score, texts, &scores);
    EXPECT_TRUE(status.ok()) << jump << ": " << status.error_message();
  }
}

}  // namespace
}  // namespace tact::testing
