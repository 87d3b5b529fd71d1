#include "services/tactctl/prompts.h"

#include <algorithm>
#include <istream>
#include <iterator>
#include <ostream>
#include <span>

#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/prompt_template.h"
#include "common/text/utf8.h"

namespace tact::ctl {
namespace {

DatasetOptions AnyDialogues() {
  DatasetOptions options;
  options.references_required = false;
  return options;
}

absl::StatusOr<std::vector<DialogueExample>> ReadShots(const PromptSource& source) {
  if (source.shots == 0) return std::vector<DialogueExample>();
  const bool same_file = source.shots_file.empty();
  const std::string& file = same_file ? source.dataset : source.shots_file;
  if (file.empty()) {
    return FieldError("--shots", StrCat(source.shots), "no examples to show",
                      "give solved examples with --shots-file or --dataset");
  }
  ASSIGN_OR_RETURN(auto shots, ReadSlice(file, 0, source.shots, DatasetOptions()));
  if (shots.size() < source.shots) {
    return FieldError("--shots", StrCat(source.shots), "more than the file has examples",
                      StrCat("use at most ", shots.size()));
  }
  return shots;
}

absl::StatusOr<std::vector<DialogueExample>> ReadExamples(const PromptSource& source,
                                                          Terminal& terminal) {
  if (!source.dataset.empty()) {
    const size_t first = source.shots_file.empty() ? source.shots : 0;
    return ReadSlice(source.dataset, std::max(source.skip, first), source.limit, AnyDialogues());
  }
  ASSIGN_OR_RETURN(const auto texts, ReadTexts(source.texts, source.lines, terminal));
  std::vector<DialogueExample> examples;
  for (const std::string& text : texts) {
    DialogueExample example;
    example.id = StrCat(examples.size());
    example.dialogue = text;
    examples.push_back(std::move(example));
  }
  return examples;
}

std::string TemplateName(const PromptSource& source) {
  if (!source.prompt_template.empty()) return source.prompt_template;
  if (source.shots > 0) return "what-was-going-on";
  return source.dataset.empty() ? "none" : "summarize";
}

absl::StatusOr<std::string> Build(const PromptTemplate& prompt_template,
                                  std::span<const DialogueExample> shots,
                                  const DialogueExample& example) {
  if (shots.empty()) return BuildPrompt(prompt_template, example);
  return BuildFewShotPrompt(prompt_template, shots, example);
}

absl::Status CheckText(std::string_view text, const std::string& name) {
  RETURN_IF_ERROR(ValidateUtf8(text, name));
  if (!Strip(text).empty()) return absl::OkStatus();
  return FieldError(name, StrCat("\"", text, "\""), "empty text", "write something in it");
}

std::vector<std::string> SplitLines(const std::string& text) { return absl::StrSplit(text, '\n'); }

absl::StatusOr<std::vector<std::string>> ReadStandardInput(bool lines, Terminal& terminal) {
  if (terminal.in_is_terminal) terminal.err << "reading the standard input; Ctrl-D ends it\n";
  std::string all(std::istreambuf_iterator<char>(terminal.in), {});
  if (!lines) {
    while (!all.empty() && all.back() == '\n') all.pop_back();
    RETURN_IF_ERROR(CheckText(all, "standard input"));
    return std::vector<std::string>{std::move(all)};
  }
  std::vector<std::string> texts;
  size_t number = 0;
  for (const std::string& line : SplitLines(all)) {
    ++number;
    if (Strip(line).empty()) continue;
    RETURN_IF_ERROR(CheckText(line, StrCat("standard input, line ", number)));
    texts.push_back(line);
  }
  if (texts.empty()) return CheckText("", "standard input");
  return texts;
}

}  // namespace

absl::StatusOr<std::vector<DialogueExample>> ReadSlice(const std::string& dataset, size_t skip,
                                                       size_t limit,
                                                       const DatasetOptions& options) {
  ASSIGN_OR_RETURN(auto examples, ReadDialogues(dataset, options));
  if (skip >= examples.size()) {
    return FieldError("--skip", StrCat(skip), "nothing is left of the data set",
                      StrCat(dataset, " has ", examples.size(), " examples"));
  }
  examples.erase(examples.begin(), examples.begin() + static_cast<ptrdiff_t>(skip));
  if (limit > 0 && limit < examples.size()) examples.resize(limit);
  return examples;
}

absl::StatusOr<std::vector<std::string>> ReadTexts(const std::vector<std::string>& arguments,
                                                   bool lines, Terminal& terminal) {
  const bool from_input = arguments.empty() || (arguments.size() == 1 && arguments[0] == "-");
  if (from_input) return ReadStandardInput(lines, terminal);
  for (size_t i = 0; i < arguments.size(); ++i) {
    RETURN_IF_ERROR(CheckText(arguments[i], StrCat("argument ", i + 1)));
  }
  return arguments;
}

absl::StatusOr<std::vector<Prompt>> ReadPrompts(const PromptSource& source, Terminal& terminal) {
  auto found = FindTemplate(TemplateName(source));
  if (!found.ok()) return Annotate(found.status(), "--template");
  ASSIGN_OR_RETURN(const auto shots, ReadShots(source));
  ASSIGN_OR_RETURN(const auto examples, ReadExamples(source, terminal));
  std::vector<Prompt> prompts;
  for (const DialogueExample& example : examples) {
    ASSIGN_OR_RETURN(std::string text, Build(*found, shots, example));
    prompts.push_back({example.id, std::move(text),
                       example.references.empty() ? "" : example.references.front()});
  }
  return prompts;
}

}  // namespace tact::ctl
