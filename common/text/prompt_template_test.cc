#include "common/text/prompt_template.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

using testing::HasSubstr;

DialogueExample Example(std::string dialogue, std::string summary) {
  DialogueExample example;
  example.id = "x";
  example.dialogue = std::move(dialogue);
  if (!summary.empty()) example.references = {std::move(summary)};
  example.topic = "greeting";
  return example;
}

TEST(PromptTemplate, NamedTextsAreTheNotebooks) {
  const auto example = Example("A: Hi {there}.", "They greet.");
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "Summarize the following conversation.\n\nA: Hi {there}.\n\nSummary: "},
      {"summarize", "Summarize the following conversation.\n\nA: Hi {there}.\n\nSummary: "},
      {"zero-shot", "\nSummarize the following conversation.\n\nA: Hi {there}.\n\nSummary:\n"},
      {"what-was-going-on", "\nDialogue:\n\nA: Hi {there}.\n\nWhat was going on?\n"},
      {"none", "A: Hi {there}."},
  };
  for (const auto& [name, want] : cases) {
    const auto found = FindTemplate(name);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*BuildPrompt(*found, example), want) << name;
  }
}

TEST(PromptTemplate, EveryNameIsFound) {
  EXPECT_EQ(PromptTemplateNames().size(), 4u);
  for (const auto& name : PromptTemplateNames()) EXPECT_TRUE(NamedTemplate(name).ok()) << name;
}

TEST(PromptTemplate, UsersOwn) {
  const auto own = FindTemplate("{{{topic}}}: {dialogue} ({summary})");
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(*BuildPrompt(*own, Example("A: x", "y")), "{greeting}: A: x (y)");
  EXPECT_EQ(*BuildPrompt(*own, Example("A: x", "")), "{greeting}: A: x ()");
}

TEST(PromptTemplate, FaultsAreClear) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"{dialog}", "no such placeholder in \"{dialog}\", found {dialog}; write {dialogue}"},
      {"{dialogue} {", "found {;"},
      {"{dialogue} }", "found };"},
      {"{dialogue", "found {dialogue;"},
      {"say {topic}", "the template has no {dialogue}"},
      {"summarise", "no such template, found summarise; name one of summarize, zero-shot"},
  };
  for (const auto& [text, want] : cases) {
    const auto found = FindTemplate(text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_THAT(std::string(found.status().message()), HasSubstr(want));
  }
}

TEST(FewShot, IsTheNotebooks) {
  const std::vector<DialogueExample> shots = {Example("A: a", "s1"), Example("B: b", "s2")};
  EXPECT_EQ(*BuildFewShotPrompt(shots, Example("C: c", "")),
            "\nDialogue:\n\nA: a\n\nWhat was going on?\ns1\n\n\n"
            "\nDialogue:\n\nB: b\n\nWhat was going on?\ns2\n\n\n"
            "\nDialogue:\n\nC: c\n\nWhat was going on?\n");
  EXPECT_EQ(*BuildFewShotPrompt({}, Example("C: c", "")),
            "\nDialogue:\n\nC: c\n\nWhat was going on?\n");
}

TEST(FewShot, WithOtherTemplates) {
  const std::vector<DialogueExample> shots = {Example("A: a", "s")};
  const auto example = Example("B: b", "");
  EXPECT_EQ(*BuildFewShotPrompt(*FindTemplate("none"), shots, example), "A: a\ns\n\n\nB: b");
  EXPECT_EQ(*BuildFewShotPrompt(*FindTemplate("Q {dialogue} A "), shots, example),
            "Q A: a A s\n\n\nQ B: b A ");
}

TEST(FewShot, AShotNeedsASummary) {
  const std::vector<DialogueExample> shots = {Example("A: a", "s"), Example("B: b", "")};
  const auto got = BuildFewShotPrompt(shots, Example("C: c", ""));
  EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("shots[1]"));
}

}  // namespace
}  // namespace tact
