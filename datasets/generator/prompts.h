// Prompt forms: the notebook's zero-shot and fine-tuning prompts, a question, one- and few-shot.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "datasets/generator/random.h"

namespace tact::datasets {

using Example = std::pair<std::string, std::string>;  // dialogue, summary

enum class PromptForm { kSummarize, kQuestion, kBare };

// "Summarize the following conversation. ... Summary:", "Dialogue: ... What was going on?", or
// the dialogue alone.
std::string MakePrompt(PromptForm form, const std::string& dialogue);

// The examples with their summaries, then the dialogue without one. kBare has no such form.
std::string MakeFewShotPrompt(PromptForm form, const std::vector<Example>& examples,
                              const std::string& dialogue);

}  // namespace tact::datasets
