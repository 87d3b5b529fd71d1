#include "tests/bench/engine/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tact::bench {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Lt;

TEST(PromptsTest, IdsAreThoseOfThePeers) {
  // python3 -c 'import common; print(common.t5_prompt(7, 6), common.roberta_text(7, 6))'
  EXPECT_THAT(T5Prompt(7, 6), ElementsAre(239, 788, 780, 101, 841, 1));
  EXPECT_THAT(RobertaText(7, 6), ElementsAre(0, 491, 848, 248, 35, 2));
}

TEST(PromptsTest, PromptsOfABatchDiffer) {
  const GenerationCase work = {.batch = 8, .prompt_tokens = 50};
  const auto prompts = Prompts(work);
  EXPECT_EQ(std::set(prompts.begin(), prompts.end()).size(), 8u);
  for (const auto& prompt : prompts) {
    EXPECT_EQ(prompt.size(), 50u);
    EXPECT_EQ(prompt.back(), 1);
    EXPECT_THAT(prompt, Each(Lt(static_cast<int32_t>(kPromptIds))));
  }
}

TEST(PromptsTest, TextsBeginAndEndAsTheModelWants) {
  const ClassificationCase work = {.texts = 20, .tokens = {16, 256}};
  std::set<size_t> lengths;
  for (const auto& text : Texts(work)) {
    EXPECT_EQ(text.front(), 0);
    EXPECT_EQ(text.back(), 2);
    EXPECT_GE(text.size(), 16u);
    EXPECT_LE(text.size(), 256u);
    lengths.insert(text.size());
  }
  EXPECT_GT(lengths.size(), 10u);
}

}  // namespace
}  // namespace tact::bench
