// StreamGenerate over loopback gRPC, and the pieces of text that it sends.
#include <gmock/gmock.h>

#include <map>

#include "common/base/random.h"
#include "common/rpc/channel.h"
#include "services/policy/testing/policy_fixture.h"
#include "services/policy/text_stream.h"

namespace tact {
namespace {

using ::testing::StartsWith;

// What has arrived of one response.
struct Received {
  std::string text;
  std::vector<int32_t> ids;
  std::vector<float> logprobs;
  int pieces = 0;  // messages before the last one
  v1::Completion completion;
};

class StreamGenerateTest : public testing::PolicyFixture {
 protected:
  using Responses = std::map<std::pair<uint32_t, uint32_t>, Received>;  // by prompt and sample

  grpc::Status Stream(const v1::GenerateRequest& generate, Responses* responses) {
    v1::StreamGenerateRequest request;
    *request.mutable_generate() = generate;
    grpc::ClientContext context;
    SetDeadline(context, 30);
    const auto reader = stub_->StreamGenerate(&context, request);
    v1::StreamGenerateResponse message;
    while (reader->Read(&message)) {
      Received& one = (*responses)[{message.prompt_index(), message.sample_index()}];
      EXPECT_FALSE(one.completion.response_tokens() > 0) << "nothing follows the completion";
      one.text += message.text();
      one.ids.insert(one.ids.end(), message.token_ids().begin(), message.token_ids().end());
      one.logprobs.insert(one.logprobs.end(), message.logprobs().begin(), message.logprobs().end());
      if (message.has_completion()) one.completion = message.completion();
      one.pieces += message.has_completion() ? 0 : 1;
    }
    return reader->Finish();
  }

  static v1::GenerateRequest Request() {
    v1::GenerateRequest request;
    for (const char* prompt : {"Ann: Hello, Ben.", "Ben: Good bye.", "Ann: A lake."}) {
      request.add_prompts(prompt);
    }
    request.mutable_sampling()->set_max_new_tokens(40);
    request.set_return_tokens(true);
    return request;
  }

  // The pieces make what Generate answers.
  void ExpectSameAsGenerate(const v1::GenerateRequest& request) {
    v1::GenerateResponse whole;
    ASSERT_TRUE(Generate(request, &whole).ok());
    Responses responses;
    const grpc::Status status = Stream(request, &responses);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(std::ssize(responses), whole.completions_size());
    for (const v1::Completion& expected : whole.completions()) {
      const Received& one = responses.at({expected.prompt_index(), expected.sample_index()});
      EXPECT_EQ(one.completion.SerializeAsString(), expected.SerializeAsString());
      EXPECT_EQ(one.text, expected.text());
      if (!request.return_tokens()) continue;
      EXPECT_EQ(one.pieces, static_cast<int>(expected.response_tokens()));
      EXPECT_THAT(one.ids, ::testing::ElementsAreArray(expected.token_ids()));
      EXPECT_THAT(one.logprobs, ::testing::ElementsAreArray(expected.logprobs()));
    }
  }
};

TEST_F(StreamGenerateTest, ThePiecesAreWhatGenerateAnswers) {
  v1::GenerateRequest request = Request();
  ExpectSameAsGenerate(request);
  request.mutable_sampling()->set_do_sample(true);
  request.mutable_sampling()->set_num_samples(3);
  ExpectSameAsGenerate(request);
  for (const char* stop : {"e", "an", " "}) request.mutable_sampling()->add_stop_strings(stop);
  ExpectSameAsGenerate(request);
  request.set_return_tokens(false);
  ExpectSameAsGenerate(request);
}

TEST_F(StreamGenerateTest, WrongRequestsNameTheField) {
  v1::GenerateRequest beams = Request();
  beams.mutable_sampling()->set_num_beams(2);
  Responses responses;
  const grpc::Status searched = Stream(beams, &responses);
  EXPECT_EQ(searched.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(searched.error_message(), StartsWith("generate.sampling.num_beams: "));
  const grpc::Status empty = Stream({}, &responses);
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(empty.error_message(), StartsWith("generate.prompts: "));
  v1::GenerateRequest unknown = Request();
  unknown.set_model("gone");
  EXPECT_THAT(Stream(unknown, &responses).error_message(), StartsWith("generate.model: "));
  EXPECT_TRUE(responses.empty());
}

TEST_F(StreamGenerateTest, AClientThatLeavesFreesItsPlace) {
  for (int turn = 0; turn < 50; ++turn) {
    v1::StreamGenerateRequest request;
    *request.mutable_generate() = Request();
    request.mutable_generate()->mutable_sampling()->set_min_new_tokens(40);
    grpc::ClientContext context;
    SetDeadline(context, 30);
    const auto reader = stub_->StreamGenerate(&context, request);
    v1::StreamGenerateResponse message;
    ASSERT_TRUE(reader->Read(&message)) << turn << ": " << reader->Finish().error_message();
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  v1::GenerateResponse response;
  EXPECT_TRUE(Generate(Request(), &response).ok()) << "the queue has room for 40 prompts only";
}

// Random ids, special ones and single bytes included, so that characters come in parts.
TEST(TextStreamTest, PiecesAreBeginningsOfTheWholeText) {
  const char* source = std::getenv("TACT_SOURCE_DIR");
  const std::filesystem::path root = source == nullptr ? "../.." : source;
  const auto tokenizer = LoadTokenizer(root / "common/text/testdata/t5").value();
  size_t stopped = 0, sent = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    CounterRng rng(seed);
    const uint64_t bound = seed % 2 == 0 ? 300 : static_cast<uint64_t>(tokenizer->vocab_size());
    std::vector<int32_t> ids(60);
    for (int32_t& id : ids) id = static_cast<int32_t>(rng.Below(bound));
    const std::string text = tokenizer->Decode(ids, true);
    if (text.size() < 40) continue;
    const StopStrings stops({text.substr(text.size() / 2, 1 + rng.Below(20))});
    TextStream stream(*tokenizer, stops);
    std::vector<int32_t> so_far;
    std::string pieces;
    for (const int32_t id : ids) {
      so_far.push_back(id);
      pieces += stream.Add(id);
      if (!stops.Reached(*tokenizer, so_far)) continue;
      ++stopped;
      break;
    }
    sent += pieces.size();
    std::string whole = tokenizer->Decode(so_far, true);
    whole.resize(std::min(whole.size(), stops.Find(whole)));
    ASSERT_EQ(pieces + stream.Finish(whole), whole) << "seed " << seed;
  }
  EXPECT_GT(stopped, 100u);
  EXPECT_GT(sent, 1000u) << "before the end";
}

}  // namespace
}  // namespace tact
