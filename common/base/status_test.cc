#include "common/base/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace tact {
namespace {

using ::testing::HasSubstr;

TEST(StatusTest, FieldErrorNamesFieldValueAndCure) {
  const absl::Status status = FieldError("prompts[3]", "", "must not be empty", "send some text");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "prompts[3]: must not be empty; send some text");
  const auto detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->field, "prompts[3]");
  EXPECT_EQ(detail->fix, "send some text");
}

TEST(StatusTest, LongValuesAreCutAtACodePoint) {
  const std::string word = "\xC3\xA9";  // two bytes
  std::string text;
  for (int i = 0; i < 100; ++i) text += word;
  EXPECT_EQ(Shorten(text, 5), word + word + "...");
  EXPECT_EQ(Shorten("short", 5), "short");
}

// A damaged file puts its bytes into errors, and gRPC carries only UTF-8.
TEST(StatusTest, BytesThatAreNoTextAreReplaced) {
  const absl::Status status = FieldError("merges.txt", "in\xC9", "line 3: not two\xFF tokens", "x");
  EXPECT_EQ(status.message(), "merges.txt: line 3: not two\uFFFD tokens, found in\uFFFD; x");
  EXPECT_EQ(GetErrorDetail(status)->value, "in\uFFFD");
}

TEST(StatusTest, AnnotateKeepsCodeAndDetail) {
  const auto status = Annotate(FieldError("a", "1", "wrong", "mend it"), "config.json");
  EXPECT_EQ(status.message(), "config.json: a: wrong, found 1; mend it");
  EXPECT_TRUE(GetErrorDetail(status).has_value());
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

TEST(StatusTest, AFieldIsNamedAsTheCallerKnowsIt) {
  const auto status = FieldError("id", "1", "wrong", "mend it");
  EXPECT_EQ(AtField(status, "after_id").message(), "after_id: wrong, found 1; mend it");
  EXPECT_EQ(GetErrorDetail(AtField(status, "after_id"))->field, "after_id");
  EXPECT_EQ(GetErrorDetail(AtField(status, "after_id"))->fix, "mend it");
  EXPECT_EQ(InField(status, "spec").message(), "spec.id: wrong, found 1; mend it");
  EXPECT_EQ(GetErrorDetail(InField(status, "spec"))->field, "spec.id");
  const auto bare = absl::UnavailableError("nobody there");
  EXPECT_EQ(AtField(bare, "spec.model").message(), "spec.model: nobody there");
  EXPECT_EQ(InField(bare, "spec"), bare);
  EXPECT_TRUE(AtField(absl::OkStatus(), "x").ok());
}

TEST(StatusTest, ExceptionsBecomeStatus) {
  const auto memory = CatchExceptions("load", []() -> absl::Status { throw std::bad_alloc(); });
  EXPECT_EQ(memory.code(), absl::StatusCode::kResourceExhausted);
  const auto other =
      CatchExceptions("load", []() -> absl::Status { throw std::runtime_error("odd"); });
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(other.message()), HasSubstr("load: odd"));
}

absl::StatusOr<int> Half(int x) {
  if (x % 2 != 0) return absl::InvalidArgumentError("odd");
  return x / 2;
}

absl::StatusOr<int> Quarter(int x) {
  ASSIGN_OR_RETURN(const int half, Half(x));
  return Half(half);
}

TEST(StatusTest, AssignOrReturnStopsAtTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_FALSE(Quarter(6).ok());
  EXPECT_FALSE(Quarter(7).ok());
}

}  // namespace
}  // namespace tact
