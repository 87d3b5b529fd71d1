#include "datasets/generator/prompts.h"

namespace tact::datasets {

std::string MakePrompt(PromptForm form, const std::string& dialogue) {
  switch (form) {
    case PromptForm::kSummarize:
      return "Summarize the following conversation.\n\n" + dialogue + "\n\nSummary: ";
    case PromptForm::kQuestion:
      return "Dialogue:\n\n" + dialogue + "\n\nWhat was going on?\n";
    case PromptForm::kBare:
      break;
  }
  return dialogue;
}

std::string MakeFewShotPrompt(PromptForm form, const std::vector<Example>& examples,
                              const std::string& dialogue) {
  std::string prompt;
  for (const auto& [example, summary] : examples) {
    prompt += MakePrompt(form, example) + summary + "\n\n\n";
  }
  return prompt + MakePrompt(form, dialogue);
}

}  // namespace tact::datasets
