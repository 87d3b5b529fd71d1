#include "tests/bench/engine/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace tact::bench {
namespace {

using ::testing::HasSubstr;

TEST(WorkloadTest, ListsGiveEveryCombination) {
  const auto works = ParseWorkloads(
      R"({"generate": {"grid": {"batch": [1, 8], "prompt_tokens": [50, 500], "new_tokens": 4,
                                "samples": 2, "do_sample": true}}})",
      "w.json");
  ASSERT_TRUE(works.ok()) << works.status();
  ASSERT_EQ(works->generation.size(), 4u);
  EXPECT_EQ(works->generation[1].name(), "grid b1 p500 k2");
  EXPECT_EQ(works->generation[3].tokens(), 8 * 2 * 4);
  EXPECT_TRUE(works->generation[0].do_sample);
}

TEST(WorkloadTest, OneNumberIsARangeToo) {
  const auto works = ParseWorkloads(
      R"({"classify": {"a": {"texts": 16, "tokens": 128}, "b": {"texts": 4, "tokens": [16, 256]}},
          "mixed": {"m": {"requests": 9, "prompt_tokens": [20, 400], "new_tokens": [8, 96]}}})",
      "w.json");
  ASSERT_TRUE(works.ok()) << works.status();
  EXPECT_EQ(works->classification[0].name(), "classify 16x128");
  EXPECT_EQ(works->classification[1].name(), "classify 4x16-256");
  EXPECT_EQ(works->mixed[0].prompt_tokens.max, 400);
  EXPECT_EQ(works->mixed[0].new_tokens.min, 8);
}

struct Wrong {
  const char* json;
  const char* named;
};

TEST(WorkloadTest, ErrorsNameSectionAndField) {
  const Wrong cases[] = {
      {R"([])", "w.json"},
      {R"({"generate": {"g": {"batch": 0}}})", "generate.g"},
      {R"({"generate": {"g": {"batch": []}}})", "batch"},
      {R"({"generate": {"g": {"batch": ["many"]}}})", "batch"},
      {R"({"mixed": {"m": {"new_tokens": [9, 8]}}})", "new_tokens"},
      {R"({"mixed": {"m": {"load": 0}}})", "load"},
      {R"({"classify": {"c": {"tokens": "all"}}})", "tokens"},
      {R"({"classify": {"c": 3}})", "classify.c"},
  };
  for (const Wrong& wrong : cases) {
    const auto works = ParseWorkloads(wrong.json, "w.json");
    ASSERT_FALSE(works.ok()) << wrong.json;
    EXPECT_THAT(std::string(works.status().message()), HasSubstr(wrong.named));
  }
}

TEST(WorkloadTest, SelectKeepsWhatIsNamedAndKnowsWhatIsNot) {
  const auto works =
      ParseWorkloads(R"({"generate": {"a": {}, "b": {}}, "profile": {"p": {}}})", "w.json");
  ASSERT_TRUE(works.ok());
  const auto some = Select(*works, {"b", "p"});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->generation.size(), 1u);
  EXPECT_EQ(some->generation[0].work, "b");
  EXPECT_EQ(some->profile.size(), 1u);
  EXPECT_EQ(Select(*works, {}).value().generation.size(), 2u);
  EXPECT_EQ(Select(*works, {"c"}).status().code(), absl::StatusCode::kNotFound);
}

TEST(WorkloadTest, TheRepositorysFileCanBeRead) {
  const auto text = ReadFile("../workloads.json");
  ASSERT_TRUE(text.ok());
  const auto works = ParseWorkloads(*text, "workloads.json");
  ASSERT_TRUE(works.ok()) << works.status();
  EXPECT_FALSE(works->generation.empty());
  EXPECT_FALSE(works->mixed.empty());
  EXPECT_FALSE(works->classification.empty());
  EXPECT_FALSE(works->profile.empty());
}

}  // namespace
}  // namespace tact::bench
