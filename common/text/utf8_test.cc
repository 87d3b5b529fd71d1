#include "common/text/utf8.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tact {
namespace {

using std::string_literals::operator""s;

TEST(Utf8, FindsTheFirstBadByte) {
  struct Case {
    std::string text;
    size_t want;
    const char* why;
  };
  const size_t none = std::string::npos;
  const std::vector<Case> cases = {
      {"", none, "empty"},
      {"plain\n\t", none, "ASCII"},
      {"a\0b"s, none, "a zero byte is a character"},
      {"né\xF0\x9F\x98\x80", none, "two and four bytes"},
      {"ab\xFFz", 2, "never a byte of UTF-8"},
      {"ab\xC3", 2, "cut off"},
      {"\xC0\xAF", 0, "overlong"},
      {"x\xED\xA0\x80", 1, "surrogate"},
      {"\xF4\x90\x80\x80", 0, "above U+10FFFF"},
      {"\x80", 0, "continuation first"},
  };
  for (const auto& c : cases) EXPECT_EQ(FindInvalidUtf8(c.text), c.want) << c.why;
}

TEST(Utf8, ErrorNamesFieldOffsetAndByte) {
  const absl::Status status = ValidateUtf8("abc\xFEz", "prompts[2]");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "prompts[2]: not UTF-8 at byte 3, found byte 0xFE; send text as UTF-8");
  EXPECT_TRUE(ValidateUtf8("fine", "x").ok());
}

// Expectations from CPython: bytes.decode("utf-8", errors="replace").
TEST(Utf8, ReplacesMaximalIllFormedParts) {
  const std::string r = "\xEF\xBF\xBD";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\xFFz", "a" + r + "z"},
      {"\xE2\x82z", r + "z"},       // one character cut off: one mark
      {"\xE2\x82", r},              // at the end
      {"\xF0\x9F\x98", r},          // three of four bytes
      {"\xC0\xAF", r + r},          // no form begins so: a mark per byte
      {"\xED\xA0\x80", r + r + r},  // surrogate
      {"\xF4\x90\x80\x80", r + r + r + r},
      {"\xF0\x80\x80\x80", r + r + r + r},
      {"\xE2\x82\xACok", "\xE2\x82\xACok"},
  };
  for (const auto& [in, want] : cases) EXPECT_EQ(ReplaceInvalidUtf8(in), want);
}

TEST(Utf8, StripsWhatPythonStrips) {
  EXPECT_EQ(Strip(" \t\n\x1C\xC2\xA0\xE3\x80\x80 a b \xE2\x80\xA8\xC2\x85"), "a b");
  EXPECT_EQ(Strip(" \n "), "");
  EXPECT_EQ(StripLeft("  a "), "a ");
  EXPECT_EQ(StripRight("  a "), "  a");
  EXPECT_EQ(Strip("\xE2\x80\x8B x"), "\xE2\x80\x8B x");  // a zero-width space is not white space
  EXPECT_EQ(StripRight("a\x80 "), "a\x80");              // a stray byte is left alone
}

}  // namespace
}  // namespace tact
