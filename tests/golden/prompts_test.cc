// The notebook's prompts, zero-, one- and few-shot: their text and their ids.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/text/prompt_template.h"
#include "common/text/tokenizer.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

DialogueExample PromptExample(const Json& json) {
  DialogueExample example;
  example.dialogue = json["dialogue"];
  if (json.contains("summary")) example.references.push_back(json["summary"]);
  return example;
}

std::vector<DialogueExample> PromptShots(const Json& c) {
  std::vector<DialogueExample> shots;
  for (const Json& shot : c["shots"]) shots.push_back(PromptExample(shot));
  return shots;
}

absl::StatusOr<std::string> PromptOfKind(const std::string& name, const Json& c) {
  const DialogueExample example = PromptExample(c);
  const std::vector<DialogueExample> shots = PromptShots(c);
  if (name == "fine_tuning") return BuildPrompt(NamedTemplate("summarize").value(), example);
  if (name == "zero_shot") return BuildPrompt(NamedTemplate("zero-shot").value(), example);
  const size_t count = name == "one_shot" ? 1 : shots.size();
  return BuildFewShotPrompt(std::span(shots).first(count), example);
}

TEST(GoldenPrompts, TextAndIdsOfEveryKind) {
  const Json golden = ReadJson("prompts.json");
  const auto tokenizer = LoadTokenizer(ReferenceFolder() / "tokenizers/t5").value();
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    EXPECT_EQ(c["prompts"].size(), 4u);
    for (const auto& [name, text] : c["prompts"].items()) {
      const auto prompt = PromptOfKind(name, c);
      ASSERT_TRUE(prompt.ok()) << prompt.status();
      EXPECT_EQ(*prompt, text.get<std::string>()) << name;
      EXPECT_EQ(tokenizer->Encode(*prompt), c["ids"][name].get<std::vector<int32_t>>()) << *prompt;
    }
    ++used;
  }
  PrintShare("prompts", used, golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden
