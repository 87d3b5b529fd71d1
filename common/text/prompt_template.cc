#include "common/text/prompt_template.h"

#include <array>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::string_view kDefaultName = "summarize";
constexpr std::string_view kFewShotName = "what-was-going-on";
constexpr std::string_view kShotEnd = "{summary}\n\n\n";

// Name and text; the texts are those of the notebook, byte for byte.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNamed = {
    {{"summarize", "Summarize the following conversation.\n\n{dialogue}\n\nSummary: "},
     {"zero-shot", "\nSummarize the following conversation.\n\n{dialogue}\n\nSummary:\n"},
     {"what-was-going-on", "\nDialogue:\n\n{dialogue}\n\nWhat was going on?\n"},
     {"none", "{dialogue}"}}};

PromptTemplate MakeTemplate(std::string_view name, std::string_view text) {
  // The bare dialogue ends without white space; an example's summary then starts its own line.
  const std::string_view gap = name == "none" ? "\n" : "";
  return {std::string(name), std::string(text), StrCat(text, gap, kShotEnd)};
}

absl::Status BadPlaceholder(std::string_view template_text, std::string_view found) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"BAD_PLACEHOLDER", "prompt template", std::string(found),
                    "write {dialogue}, {summary} or {topic}, and {{ or }} for a brace"},
                   StrCat("no such placeholder in \"", Shorten(template_text), "\""));
}

absl::StatusOr<std::string> ValueOf(std::string_view placeholder, std::string_view template_text,
                                    const DialogueExample& example) {
  if (placeholder == "{dialogue}") return example.dialogue;
  if (placeholder == "{topic}") return example.topic;
  if (placeholder == "{summary}") {
    return example.references.empty() ? std::string() : example.references[0];
  }
  return BadPlaceholder(template_text, placeholder);
}

// One pass, so that braces inside a dialogue are never read as placeholders.
absl::StatusOr<std::string> Fill(std::string_view text, const DialogueExample& example) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      out.push_back(rest[0]);
      at += 2;
    } else if (rest[0] == '{') {
      const size_t end = rest.find('}');
      const std::string_view placeholder = rest.substr(0, end == rest.npos ? end : end + 1);
      ASSIGN_OR_RETURN(const std::string value, ValueOf(placeholder, text, example));
      out += value;
      at += placeholder.size();
    } else if (rest[0] == '}') {
      return BadPlaceholder(text, rest);
    } else {
      out.push_back(rest[0]);
      ++at;
    }
  }
  return out;
}

}  // namespace

const std::vector<std::string>& PromptTemplateNames() {
  static const auto* const names = [] {
    auto* made = new std::vector<std::string>;
    for (const auto& [name, text] : kNamed) made->emplace_back(name);
    return made;
  }();
  return *names;
}

absl::StatusOr<PromptTemplate> NamedTemplate(std::string_view name) {
  for (const auto& [known, text] : kNamed) {
    if (known == name) return MakeTemplate(known, text);
  }
  return MakeError(absl::StatusCode::kNotFound,
                   {"UNKNOWN_TEMPLATE", "prompt template", std::string(name),
                    StrCat("name one of ", absl::StrJoin(PromptTemplateNames(), ", "),
                           ", or write a text with {dialogue}")},
                   "no such template");
}

absl::StatusOr<PromptTemplate> ParseTemplate(std::string_view text) {
  // Filling it finds every fault; a mark for the dialogue shows whether it is asked for.
  constexpr std::string_view kMark = "\x01";
  DialogueExample probe;
  probe.dialogue = kMark;
  ASSIGN_OR_RETURN(const std::string filled, Fill(text, probe));
  if (filled.find(kMark) == filled.npos) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     {"NO_DIALOGUE", "prompt template", std::string(text),
                      "write {dialogue} where the dialogue goes"},
                     "the template has no {dialogue}");
  }
  return MakeTemplate("", text);
}

absl::StatusOr<PromptTemplate> FindTemplate(std::string_view name_or_text) {
  if (name_or_text.empty()) return NamedTemplate(kDefaultName);
  const bool is_text = name_or_text.find('{') != name_or_text.npos;
  return is_text ? ParseTemplate(name_or_text) : NamedTemplate(name_or_text);
}

absl::StatusOr<std::string> BuildPrompt(const PromptTemplate& prompt_template,
                                        const DialogueExample& example) {
  return Fill(prompt_template.prompt, example);
}

absl::StatusOr<std::string> BuildFewShotPrompt(const PromptTemplate& prompt_template,
                                               std::span<const DialogueExample> shots,
                                               const DialogueExample& example) {
  std::string out;
  for (size_t i = 0; i < shots.size(); ++i) {
    if (shots[i].references.empty()) {
      return FieldError(StrCat("shots[", i, "]"), shots[i].id,
                        "an example in the prompt needs a summary", "choose one that has it");
    }
    ASSIGN_OR_RETURN(const std::string shot, Fill(prompt_template.shot, shots[i]));
    out += shot;
  }
  ASSIGN_OR_RETURN(const std::string prompt, Fill(prompt_template.prompt, example));
  return out + prompt;
}

absl::StatusOr<std::string> BuildFewShotPrompt(std::span<const DialogueExample> shots,
                                               const DialogueExample& example) {
  ASSIGN_OR_RETURN(const PromptTemplate prompt_template, NamedTemplate(kFewShotName));
  return BuildFewShotPrompt(prompt_template, shots, example);
}

}  // namespace tact
