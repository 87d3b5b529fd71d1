#include "common/text/dataset.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Dialogues, DevForm) {
  const auto got = ParseDialogues(
      R"({"fname": "dev_0", "dialogue": "#Person1#: Hi.\n#Person2#: Hello.", "summary": "They greet.", "topic": "greeting"}

{"id": 7, "dialogue": "A: x", "summary": "y", "neutral_summary": "z", "more": [1]})",
      "d.jsonl");
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->size(), 2u);
  EXPECT_EQ((*got)[0].id, "dev_0");
  EXPECT_EQ((*got)[0].dialogue, "#Person1#: Hi.\n#Person2#: Hello.");
  EXPECT_THAT((*got)[0].references, ElementsAre("They greet."));
  EXPECT_EQ((*got)[0].topic, "greeting");
  EXPECT_EQ((*got)[0].neutral_summary, "");
  EXPECT_EQ((*got)[1].id, "7");
  EXPECT_EQ((*got)[1].neutral_summary, "z");
}

TEST(Dialogues, TestFormHasSeveralReferences) {
  const auto got = ParseDialogues(
      R"({"fname":"t","dialogue":"A: x","summary1":"a","summary2":"b","summary3":"c","topic1":"t"})",
      "d.jsonl");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT((*got)[0].references, ElementsAre("a", "b", "c"));
  EXPECT_EQ((*got)[0].topic, "t");
}

TEST(Dialogues, CsvForm) {
  const auto got = ParseDialogues(
      "\xEF\xBB\xBFid,dialogue,summary,topic\r\n"
      "train_0,\"#Person1#: \"\"Hi\"\", Ann.\n#Person2#: Hi.\",They greet.,greeting\r\n"
      "train_1,A: x,y,\r\n",
      "d.csv");
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->size(), 2u);
  EXPECT_EQ((*got)[0].id, "train_0");
  EXPECT_EQ((*got)[0].dialogue, "#Person1#: \"Hi\", Ann.\n#Person2#: Hi.");
  EXPECT_EQ((*got)[1].topic, "");
}

TEST(Dialogues, FormatBySniffing) {
  EXPECT_TRUE(ParseDialogues("  {\"dialogue\":\"a\",\"summary\":\"b\"}", "upload").ok());
  EXPECT_TRUE(ParseDialogues("dialogue,summary\na,b\n", "upload").ok());
  DatasetOptions csv;
  csv.format = DataFormat::kCsv;
  EXPECT_TRUE(ParseDialogues("dialogue,summary\na,b\n", "wrong.jsonl", csv).ok());
}

TEST(Dialogues, IdIsTheLineWhereThereIsNone) {
  const auto got = ParseDialogues("\n{\"dialogue\":\"a\",\"summary\":\"b\"}", "d.jsonl");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)[0].id, "2");
}

TEST(Dialogues, ColumnsOfOtherNames) {
  DatasetOptions options;
  options.dialogue_column = "talk";
  options.summary_column = "gist";
  const auto got = ParseDialogues("talk,gist1,gist2\na,b,c\n", "d.csv", options);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT((*got)[0].references, ElementsAre("b", "c"));
}

TEST(Dialogues, ReferencesMayBeOptional) {
  DatasetOptions options;
  options.references_required = false;
  const auto got = ParseDialogues("{\"dialogue\":\"a\"}", "d.jsonl", options);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT((*got)[0].references, IsEmpty());
}

TEST(Dialogues, ErrorsNameLineAndCure) {
  struct Case {
    const char* name;
    std::string bytes;
    std::vector<const char*> want;
  };
  const std::vector<Case> cases = {
      {"d.csv",
       "id,text,summary\n1,a,b\n",
       {"d.csv line 2: no column \"dialogue\"",
        "columns found are \"id\", \"text\" and \"summary\"", "rename the column"}},
      {"d.jsonl",
       "{\"dialogue\":\"a\"}",
       {"line 1: no column \"summary\" or \"summary1\"", "found are \"dialogue\""}},
      {"d.jsonl", "{}", {"line 1: no column \"dialogue\"", "found are none"}},
      {"d.jsonl",
       "{\"dialogue\":\"a\",\"summary\":\"b\"}\n\n{\"dialogue\":\" \\n\",\"summary\":\"b\"}",
       {"d.jsonl line 3: \"dialogue\" is empty", "remove the line"}},
      {"d.jsonl", "{\"dialogue\":\"a\",\"summary\":\"\"}", {"line 1: \"summary\" is empty"}},
      {"d.jsonl", "{\"dialogue\":[\"a\"]}", {"line 1: \"dialogue\" must be a text, found array"}},
      {"d.jsonl",
       "{\"dialogue\":\"a\",\"summary\":\"b\"}\n{\"dialogue\": \"a\"",
       {"d.jsonl line 2: not json at byte 17", "found {\"dialogue\": \"a\""}},
      {"d.jsonl", "{\"dialogue\":1e400}", {"line 1: holds a number that is too large", "64 bits"}},
      {"d.jsonl", "[{\"dialogue\":\"a\"}]", {"line 1: each line must be a json object"}},
      {"d.jsonl",
       "{\"dialogue\":\"a\",\"summary\":\"b\"}\n{\"dialogue\":\"\xFF\"}",
       {"d.jsonl line 2: not UTF-8 at byte 14 of the line, found byte 0xFF", "save the file"}},
      {"d.csv", "dialogue,summary\na,\xC3\n", {"d.csv line 2: not UTF-8 at byte 3 of the line"}},
      {"d.csv", "dialogue,summary\na,b,c\n", {"line 2: the record must have 2 fields", "found 3"}},
      {"d.csv", "dialogue,dialogue\na,b\n", {"line 1: a column's name comes twice"}},
      {"d.csv", "dialogue,summary\n", {"d.csv: the data set has no records", "first line of"}},
      {"d.jsonl", "\n \n", {"d.jsonl: the data set has no records"}},
      {"d.csv", "", {"d.csv: the data set has no records"}},
  };
  for (const auto& c : cases) {
    const auto got = ParseDialogues(c.bytes, c.name);
    ASSERT_FALSE(got.ok()) << c.bytes;
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.bytes;
    for (const char* want : c.want) {
      EXPECT_THAT(std::string(got.status().message()), HasSubstr(want));
    }
  }
}

TEST(Dialogues, SizesAreBounded) {
  const std::string line = "{\"dialogue\":\"aaaa\",\"summary\":\"b\"}\n";
  const auto error = [&](DatasetOptions options) {
    return std::string(ParseDialogues(line + line + line, "d.jsonl", options).status().message());
  };
  DatasetOptions bytes, record, records;
  bytes.max_bytes = 40;
  record.max_record_bytes = 10;
  records.max_records = 2;
  EXPECT_THAT(error(bytes), HasSubstr("the data set is above the limit of 40 bytes"));
  EXPECT_THAT(error(record), HasSubstr("line 1: the line is above 10 bytes"));
  EXPECT_THAT(error(records), HasSubstr("line 3: there are more than 2 records"));
}

TEST(Dialogues, MissingFileIsNotFound) {
  const auto got = ReadDialogues("testdata/none.jsonl");
  EXPECT_EQ(got.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("testdata/none.jsonl"));
}

TEST(PromptPairs, ReadsAndRefuses) {
  const auto got = ParsePromptPairs(
      "{\"prompt\":\"p\",\"response\":\"r\",\"id\":\"x\"}\n{\"prompt\":\"q\",\"response\":\"s\"}",
      "p.jsonl");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)[0].id, "x");
  EXPECT_EQ((*got)[0].prompt, "p");
  EXPECT_EQ((*got)[1].response, "s");
  const auto bad = ParsePromptPairs("{\"prompt\":\"p\"}", "p.jsonl");
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr("no column \"response\""));
}

TEST(LabelledTexts, Labels) {
  const std::vector<std::pair<const char*, int>> cases = {
      {"Toxic", 1},   {"Not Toxic", 0}, {"not_toxic", 0}, {"non-toxic", 0},
      {"NEUTRAL", 0}, {" toxic ", 1},   {"1", 1},         {"0", 0},
      {"1.0", 1},     {"true", 1},      {"FALSE", 0},     {"5", 5},
  };
  for (const auto& [label, want] : cases) {
    const std::string bytes = std::string("text,is_toxic\n\"a, b\",") + label + "\n";
    const auto got = ParseLabelledTexts(bytes, "t.csv");
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ((*got)[0].text, "a, b");
    EXPECT_EQ((*got)[0].label, want) << label;
  }
}

TEST(LabelledTexts, JsonAndOtherColumns) {
  const auto json = ParseLabelledTexts(
      "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":false}", "t.jsonl");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)[0].label, 1);
  EXPECT_EQ((*json)[1].label, 0);
  DatasetOptions options;
  options.text_column = "comment";
  options.label_column = "rude";
  EXPECT_TRUE(ParseLabelledTexts("comment,rude\nx,yes\n", "t.csv", options).ok());
}

TEST(LabelledTexts, ErrorsNameLineAndCure) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"text,is_toxic\na,Toxic\nb,maybe\n", "t.csv line 3: the label is not known, found maybe"},
      {"text,is_toxic\na,-1\n", "the label is not known"},
      {"text,is_toxic\na,1000\n", "the label is not known"},
      {"text,score\na,1\n", "no column \"is_toxic\", \"toxic\" or \"label\""},
      {"comment,is_toxic\na,1\n", "no column \"text\""},
      {"text,is_toxic\n\"\",1\n", "line 2: \"text\" is empty"},
      {"text,is_toxic\na,\n", "line 2: \"is_toxic\" is empty"},
  };
  for (const auto& [bytes, want] : cases) {
    const auto got = ParseLabelledTexts(bytes, "t.csv");
    ASSERT_FALSE(got.ok()) << bytes;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(want));
  }
}

// Any cut of a good file either parses or is refused with a message; nothing crashes.
TEST(Dialogues, EveryPrefixIsSafe) {
  const std::string csv = "id,dialogue,summary\n1,\"A: \xC3\xA9, \"\"x\"\"\ny\",s\n2,b,t\n";
  const std::string json = "{\"dialogue\":\"A\\u00e9 \xC3\xA9\",\"summary\":\"s\",\"n\":[1,{}]}\n";
  for (const auto& whole : {csv, json}) {
    for (size_t size = 0; size <= whole.size(); ++size) {
      const auto got = ParseDialogues(std::string_view(whole).substr(0, size), "cut");
      EXPECT_EQ(got.ok(), got.status().message().empty());
    }
  }
}

// Real shapes, where the machine has them.
TEST(Dialogues, RealFilesParse) {
  const char* dir = std::getenv("TACT_DATA_DIR");
  if (dir == nullptr) GTEST_SKIP() << "TACT_DATA_DIR does not name DialogSum and toxicity_en.csv";
  const std::filesystem::path data(dir);
  const auto dev = ReadDialogues(data / "dialogsum.dev.jsonl");
  const auto test = ReadDialogues(data / "dialogsum.test.jsonl");
  const auto toxicity = ReadLabelledTexts(data / "toxicity_en.csv");
  ASSERT_TRUE(dev.ok() && test.ok() && toxicity.ok())
      << dev.status() << test.status() << toxicity.status();
  EXPECT_EQ(dev->size(), 500u);
  EXPECT_EQ(test->size(), 250u);
  EXPECT_EQ((*test)[0].references.size(), 3u);
  EXPECT_EQ(toxicity->size(), 700u);
}

}  // namespace
}  // namespace tact
