#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "datasets/generator/check.h"
#include "datasets/generator/dialogue.h"
#include "datasets/generator/names.h"
#include "datasets/generator/pretrain.h"
#include "datasets/generator/prompts.h"
#include "datasets/generator/records.h"
#include "datasets/generator/template.h"
#include "datasets/generator/toxicity.h"

namespace tact::datasets {
namespace {

ExpectedRoles AnnAsksBob() {
  return {"Ann", "Bob", "Ann", {"Ann asks Bob to fix the lamp. Bob will do it tonight."}};
}

TEST(CheckRoles, IsExact) {
  const struct {
    const char* response;
    RoleVerdict verdict;
  } cases[] = {
      {"Ann asks Bob to fix the lamp. Bob will do it tonight.", RoleVerdict::kRight},
      {" Ann asks Bob to fix the lamp. Bob will do it tonight.\n", RoleVerdict::kRight},
      {"Ann asks Bob to fix the lamp. Bob will do it tonight. Ann is not happy.",
       RoleVerdict::kRight},
      {"Ann asks Bob to fix the lamp. Bob will do it tonight. Bob is not happy.",
       RoleVerdict::kWrong},  // it was Ann who was rude
      {"Ann asks Bob to fix the lamp. Bob will do it tonight. Anna is not happy.",
       RoleVerdict::kWrong},
      {"Bob asks Ann to fix the lamp. Ann will do it tonight.", RoleVerdict::kSwapped},
      {"Ann asks Bob to fix the lamp. Bob will do it at noon.", RoleVerdict::kWrong},
      {"Ann asks Bob to fix the door. Bob will do it tonight.", RoleVerdict::kWrong},
      {"Ann and Bob talk about the lamp.", RoleVerdict::kWrong},
      {"", RoleVerdict::kWrong},
  };
  for (const auto& c : cases)
    EXPECT_EQ(CheckRoles(c.response, AnnAsksBob()), c.verdict) << c.response;
}

TEST(CheckRoles, AllowsNoToneSentenceIfNobodyIsRude) {
  ExpectedRoles roles = AnnAsksBob();
  roles.rude.clear();
  EXPECT_EQ(CheckRoles(roles.facts[0], roles), RoleVerdict::kRight);
  EXPECT_EQ(CheckRoles(roles.facts[0] + " Ann is not happy.", roles), RoleVerdict::kWrong);
}

TEST(NamesRight, NeedsBothAsWholeWords) {
  EXPECT_TRUE(NamesRight("Bob and Ann talk.", AnnAsksBob()));
  EXPECT_FALSE(NamesRight("Bob and Anna talk.", AnnAsksBob()));
  EXPECT_FALSE(NamesRight("Bob talks.", AnnAsksBob()));
}

TEST(CheckPredictions, CountsSeenAndUnseenAndMissing) {
  const std::string roles =
      R"("roles":{"asker":"Ann","helper":"Bob","facts":["Ann asks Bob to come."]}})";
  std::istringstream references(R"({"fname":"a","names":"seen",)" + roles + "\n" +
                                R"({"fname":"b","names":"unseen",)" + roles + "\n" +
                                R"({"fname":"c","names":"unseen",)" + roles + "\n");
  std::istringstream predictions(
      "{\"fname\":\"a\",\"response\":\"Ann asks Bob to come.\"}\n"
      "{\"id\":\"b\",\"response\":\"Bob asks Ann to come.\"}\n");
  const CheckSummary summary = CheckPredictions(predictions, references);
  EXPECT_EQ(summary.seen.total, 1u);
  EXPECT_EQ(summary.seen.roles_right, 1u);
  EXPECT_EQ(summary.unseen.total, 2u);
  EXPECT_EQ(summary.unseen.roles_right, 0u);
  EXPECT_EQ(summary.unseen.roles_swapped, 1u);
  EXPECT_EQ(summary.unseen.names_right, 1u);
  EXPECT_EQ(summary.unseen.missing, 1u);
}

TEST(CheckPredictions, NamesTheLineThatCannotBeRead) {
  std::istringstream predictions("{\"fname\":\"a\",\"response\":\"\"}\nnonsense\n");
  std::istringstream references("");
  try {
    CheckPredictions(predictions, references);
    FAIL() << "nonsense was read";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("predictions, line 2"), std::string::npos);
  }
}

TEST(Fill, ReplacesKnownSlotsOnly) {
  EXPECT_EQ(Fill("{a} and {you} or {z}", {{'a', "Ann"}, {'y', "Bob"}}), "Ann and Bob or {z}");
}

TEST(DrawNames, DiffersInFirstLetterAndNeverLeaksUnseenNames) {
  const std::set<std::string> seen(SeenNames().begin(), SeenNames().end());
  const std::set<std::string> unseen(UnseenNames().begin(), UnseenNames().end());
  for (const std::string& name : seen) EXPECT_FALSE(unseen.contains(name)) << name;
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto [a, b] = DrawNames(NameSet::kSeen, 0.5, random);
    EXPECT_NE(a[0], b[0]);
    EXPECT_FALSE(unseen.contains(a) || unseen.contains(b));
  }
}

TEST(DrawScene, KeepsTheSplitsApart) {
  Random random(2);
  for (Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(SplitOf(DrawScene(split, {"Ann", "Bob"}, {}, random)), split);
    }
  }
}

TEST(RenderDialogue, LetsBothSpeakersNameThemselvesAndAlternates) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const Scene scene = DrawScene(Split::kTrain, {"Ann", "Bob"}, {}, random);
    const std::string dialogue = RenderDialogue(scene, random);
    EXPECT_TRUE(dialogue.starts_with("#Person1#: ")) << dialogue;
    EXPECT_NE(dialogue.find("\n#Person2#: "), std::string::npos) << dialogue;
    EXPECT_NE(dialogue.find("Ann"), std::string::npos) << dialogue;
    EXPECT_NE(dialogue.find("Bob"), std::string::npos) << dialogue;
    EXPECT_EQ(dialogue.find('{'), std::string::npos) << dialogue;
    if (scene.rude) {
      EXPECT_NE(dialogue.find(scene.rude->spoken), std::string::npos) << dialogue;
    }
  }
}

TEST(DialogSumRecord, HasAReferenceThatPassesItsOwnCheck) {
  Random random(4);
  DialogSumOptions options;
  options.split = Split::kTest;
  options.names = NameSet::kUnseen;
  options.with_roles = true;
  for (int i = 0; i < 200; ++i) {
    const auto record = DrawDialogSumRecord(options, "test_0", random);
    const auto& roles = record["roles"];
    const ExpectedRoles expected = {roles["asker"], roles["helper"], roles.value("rude", ""),
                                    roles["facts"]};
    const std::string summary = record["summary"], neutral = record["neutral_summary"];
    EXPECT_EQ(CheckRoles(summary, expected), RoleVerdict::kRight) << summary;
    EXPECT_EQ(CheckRoles(neutral, expected), RoleVerdict::kRight) << neutral;
  }
}

TEST(Pretrain, IsDeterministicAndMixesFewShotPrompts) {
  Random a(5), b(5);
  int few_shot = 0;
  for (int i = 0; i < 500; ++i) {
    const PromptResponse x = DrawPretrainExample({}, a), y = DrawPretrainExample({}, b);
    EXPECT_EQ(x.prompt, y.prompt);
    EXPECT_EQ(x.response, y.response);
    few_shot += x.prompt.find("\n\n\n") != std::string::npos;
  }
  EXPECT_GT(few_shot, 20);
}

TEST(MakeFewShotPrompt, EndsWithTheDialogueThatHasNoSummary) {
  EXPECT_EQ(
      MakeFewShotPrompt(PromptForm::kQuestion, {{"D1", "S1"}}, "D2"),
      "Dialogue:\n\nD1\n\nWhat was going on?\nS1\n\n\nDialogue:\n\nD2\n\nWhat was going on?\n");
}

TEST(Toxicity, IsBalanced) {
  Random random(6);
  int toxic = 0;
  for (int i = 0; i < 2000; ++i) toxic += DrawToxicityExample(false, random).toxic;
  EXPECT_GT(toxic, 800);
  EXPECT_LT(toxic, 1200);
}

}  // namespace
}  // namespace tact::datasets
