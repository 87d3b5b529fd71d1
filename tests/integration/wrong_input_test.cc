// Wrong input to the real services: the error names the field or file and the cure, and the service
// serves on.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include "common/rpc/channel.h"
#include "tact/v1/policy.pb.h"
#include "tests/integration/cluster.h"

namespace tact::testing {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* why;
  std::vector<std::string> command;
  int code;
  std::vector<std::string> message;  // parts of it
};

std::string Words(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "lake ";
  return text;
}

class WrongInputTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(cluster_.Started()) << cluster_.Logs(); }

  void Check(const Case& one) {
    const Finished run = cluster_.Tactctl(one.command);
    EXPECT_EQ(run.code, one.code) << one.why << ": " << run.out << run.err;
    for (const std::string& part : one.message) EXPECT_THAT(run.err, HasSubstr(part)) << one.why;
  }

  void ExpectAllServe(const std::string& why) {
    EXPECT_EQ(cluster_.Tactctl({"status"}).code, 0) << why;
    EXPECT_EQ(cluster_.Tactctl({"generate", "#Person1#: Hi Ann."}).code, 0) << why;
    EXPECT_EQ(cluster_.Tactctl({"score", "Hello Ann."}).code, 0) << why;
  }

  std::vector<std::string> Train(const std::string& file) {
    return {"train",       "lora", "--base-model", "policy", "--dataset", file,
            "--max-steps", "1",    "--batch-size", "2"};
  }

  TestCluster cluster_;
};

TEST_F(WrongInputTest, DataSetsAreRefusedWithLineAndColumn) {
  const std::string good = "{\"dialogue\":\"Hi Ann.\",\"summary\":\"Ann is here.\"}\n";
  const std::vector<Case> cases = {
      {"unknown column",
       Train(cluster_.Write("columns.csv", "id,talk,summary,topic\n1,Hi,Hello,x\n")),
       3,
       {"dialogue", "talk"}},
      {"empty dialogue",
       Train(cluster_.Write("empty.jsonl", good + "{\"dialogue\":\" \",\"summary\":\"x\"}\n")),
       3,
       {"empty.jsonl", "2", "dialogue"}},
      {"bad UTF-8",
       Train(cluster_.Write("bytes.jsonl", good + "{\"dialogue\":\"\xff\",\"summary\":\"x\"}\n")),
       3,
       {"bytes.jsonl", "2", "UTF-8"}},
      {"no such file", Train("/nowhere/data.jsonl"), 5, {"/nowhere/data.jsonl"}},
      {"no such data set",
       {"train", "lora", "--base-model", "policy", "--dataset-id", "none"},
       3,
       {"dataset_id", "none"}},
  };
  for (const Case& one : cases) Check(one);
  ExpectAllServe("after bad data sets");
}

TEST_F(WrongInputTest, TextsAboveTheLimitAreRefusedOrCut) {
  const std::string prompt = Words(3000), text = Words(1500);
  const std::string dialogues =
      cluster_.Write("long.jsonl", "{\"dialogue\":\"" + prompt + "\",\"summary\":\"A lake.\"}\n");
  const std::vector<Case> cases = {
      {"prompt", {"generate", prompt}, 3, {"prompts[0]", "limit"}},
      {"prompt, cut", {"generate", prompt, "--truncate"}, 0, {}},
      {"text", {"score", text}, 3, {"limit", "truncation"}},
      {"text, cut", {"score", text, "--truncate"}, 0, {}},
      {"evaluation", {"eval", "--dataset", dialogues}, 10, {"limit"}},
      {"evaluation, cut", {"eval", "--dataset", dialogues, "--truncate"}, 0, {}},
  };
  for (const Case& one : cases) Check(one);
  ExpectAllServe("after long texts");
}

TEST_F(WrongInputTest, NamesThatDoNotExistAreNamed) {
  const std::string data = cluster_.Head("test.jsonl", 4);
  const std::vector<Case> cases = {
      {"get", {"jobs", "get", "no-job"}, 5, {"no-job"}},
      {"watch", {"jobs", "watch", "no-job"}, 5, {"no-job"}},
      {"cancel", {"jobs", "cancel", "no-job"}, 5, {"no-job"}},
      {"base job", {"train", "ppo", "--base-job", "no-job", "--dataset", data}, 5, {"no-job"}},
      {"base model",
       {"train", "lora", "--base-model", "no-model", "--dataset", data},
       5,
       {"no-model"}},
      {"served model", {"generate", "Hi", "--model", "no-model"}, 5, {"no-model", "base"}},
      {"evaluation", {"compare", "no-eval", "no-eval"}, 5, {"no-eval"}},
      {"temperature",
       {"generate", "Hi", "--sample", "--temperature", "0"},
       3,
       {"temperature", "0"}},
      {"template",
       {"eval", "--dataset", data, "--template", "no"},
       5,
       {"prompt_template", "summarize"}},
      {"service down",
       {"--reward", "127.0.0.1:1", "score", "Hi"},
       14,
       {"reward service at 127.0.0.1:1", "tactctl up"}},
  };
  for (const Case& one : cases) Check(one);
  ExpectAllServe("after unknown names");
}

// A call with these bytes as its request.
grpc::Status CallRaw(const std::string& address, const std::string& method,
                     const std::string& bytes) {
  grpc::GenericStub stub(MakeChannel(address));
  grpc::ClientContext context;
  SetDeadline(context, 30);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST_F(WrongInputTest, BytesThatAreNotUtf8AreInvalidArguments) {
  const std::string prompt("\x12\x03\x68\xff\x69", 5);  // field 2, prompts
  const grpc::Status generate =
      CallRaw(cluster_.AddressOf("policy"), "/tact.v1.PolicyService/Generate", prompt);
  EXPECT_EQ(generate.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(generate.error_message(), HasSubstr("prompts[0]"));
  const std::string item("\x0a\x05\x0a\x03\x68\xff\x69", 7);  // items { text }
  const grpc::Status score =
      CallRaw(cluster_.AddressOf("reward"), "/tact.v1.RewardService/Score", item);
  EXPECT_EQ(score.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(score.error_message(), HasSubstr("items[0].text"));
  const grpc::Status garbage =
      CallRaw(cluster_.AddressOf("trainer"), "/tact.v1.TrainerService/GetJob", "\xff\xff\xff");
  EXPECT_EQ(garbage.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ExpectAllServe("after bad bytes");
}

}  // namespace
}  // namespace tact::testing
