#include "common/text/csv.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using testing::HasSubstr;

absl::StatusOr<Rows> ReadAll(std::string_view bytes, size_t max_record = 1000) {
  CsvReader reader(bytes, "x.csv", max_record);
  Rows rows;
  std::vector<std::string> fields;
  while (true) {
    const auto more = reader.Next(&fields);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    rows.push_back(fields);
  }
}

TEST(Csv, ReadsRecords) {
  struct Case {
    std::string bytes;
    Rows want;
    const char* why;
  };
  const std::vector<Case> cases = {
      {"", {}, "nothing"},
      {"\n\r\n\n", {}, "empty lines only"},
      {"a,b\nc,d\n", {{"a", "b"}, {"c", "d"}}, "plain"},
      {"a,b\r\nc,d", {{"a", "b"}, {"c", "d"}}, "CRLF, no end at the end"},
      {"a,,\n", {{"a", "", ""}}, "empty fields"},
      {"\"a,b\",c\n", {{"a,b", "c"}}, "a comma in quotes"},
      {"\"a\nb\r\nc\",d\n", {{"a\nb\r\nc", "d"}}, "line ends in quotes"},
      {"\"say \"\"hi\"\"\",\"\"\n", {{"say \"hi\"", ""}}, "doubled quotes, empty quotes"},
      {"a\"b,c\n", {{"a\"b", "c"}}, "a quote inside a bare field is itself"},
      {"a\rb,c\n", {{"a\rb", "c"}}, "a lone CR is text"},
      {"a,\n\nb,c", {{"a", ""}, {"b", "c"}}, "an empty line between"},
      {"a,", {{"a", ""}}, "a comma at the end"},
  };
  for (const auto& c : cases) {
    const auto got = ReadAll(c.bytes);
    ASSERT_TRUE(got.ok()) << c.why << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.why;
  }
}

TEST(Csv, ErrorsNameTheLine) {
  struct Case {
    std::string bytes;
    const char* want;
  };
  const std::vector<Case> cases = {
      {"a\n\nb,\"c\nd\n", "x.csv line 3: a quote is opened here and never closed"},
      {"a\n\"b\nc\" d\n", "x.csv line 3: text stands behind a closing quote"},
      {"a\n\"" + std::string(2000, 'x') + "\"\n", "x.csv line 2: the record is above 1000 bytes"},
      {std::string(2000, 'x'), "x.csv line 1: the record is above 1000 bytes"},
  };
  for (const auto& c : cases) {
    const auto got = ReadAll(c.bytes);
    ASSERT_FALSE(got.ok()) << c.want;
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want));
  }
}

TEST(Csv, LineIsWhereTheRecordBegins) {
  CsvReader reader("a\n\n\"b\nc\"\nd\n", "x.csv", 1000);
  std::vector<size_t> lines;
  std::vector<std::string> fields;
  while (*reader.Next(&fields)) lines.push_back(reader.line());
  EXPECT_THAT(lines, testing::ElementsAre(1, 3, 5));
}

}  // namespace
}  // namespace tact
