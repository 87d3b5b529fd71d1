// Prompts from dialogues: the notebook's templates with its exact text, and the user's own.
//
// A template is text with {dialogue}, {summary} and {topic}; "{{" and "}}" are literal braces.
// Named ones:
//   "summarize"         the fine-tuning form, the default
//   "zero-shot"         the notebook's zero-shot form (line ends around it)
//   "what-was-going-on" FLAN's dialogue form, the one for one- and few-shot prompts
//   "none"              the bare dialogue
#ifndef TACT_COMMON_TEXT_PROMPT_TEMPLATE_H_
#define TACT_COMMON_TEXT_PROMPT_TEMPLATE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/dataset.h"

namespace tact {

struct PromptTemplate {
  std::string name;
  std::string prompt;  // what the model is asked
  std::string shot;    // a solved example before it, with {summary}; see BuildFewShotPrompt
};

// The names above, in that order.
const std::vector<std::string>& PromptTemplateNames();

// A named template. NOT_FOUND lists the names.
absl::StatusOr<PromptTemplate> NamedTemplate(std::string_view name);

// A template made by the user. INVALID_ARGUMENT for an unknown or unclosed placeholder, or where
// {dialogue} is missing. Its shot is the prompt, "{summary}" and three line ends (the stop sequence
// that FLAN-T5 was trained with).
absl::StatusOr<PromptTemplate> ParseTemplate(std::string_view text);

// A name where it is one, else a text with {dialogue}: what a flag or a request field takes.
// "" is "summarize".
absl::StatusOr<PromptTemplate> FindTemplate(std::string_view name_or_text);

// The prompt for one dialogue. {summary} is its first reference, or "".
absl::StatusOr<std::string> BuildPrompt(const PromptTemplate& prompt_template,
                                        const DialogueExample& example);

// Solved examples, then the dialogue to summarise. INVALID_ARGUMENT if a shot has no reference.
// Without a template: "what-was-going-on", as in the notebook.
absl::StatusOr<std::string> BuildFewShotPrompt(const PromptTemplate& prompt_template,
                                               std::span<const DialogueExample> shots,
                                               const DialogueExample& example);
absl::StatusOr<std::string> BuildFewShotPrompt(std::span<const DialogueExample> shots,
                                               const DialogueExample& example);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_PROMPT_TEMPLATE_H_
