#include "services/evaluation/runner/evaluation_spec.h"

#include <unordered_map>

#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/dataset.h"
#include "common/text/prompt_template.h"
#include "services/evaluation/summary/evaluation_summary.h"
#include "services/evaluation/summary/resampling.h"

namespace tact {
namespace {

constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxTextBytes = 1 << 20;

DialogueExample ToExample(const v1::DialogueExample& message) {
  DialogueExample example;
  example.id = message.id();
  example.dialogue = message.dialogue();
  example.references.assign(message.references().begin(), message.references().end());
  example.topic = message.topic();
  return example;
}

absl::Status CheckSize(const std::string& field, const std::string& text) {
  if (text.size() <= kMaxTextBytes) return absl::OkStatus();
  return FieldError(field, StrCat(text.size(), " bytes"),
                    StrCat("longer than ", kMaxTextBytes, " bytes"), "shorten the text");
}

absl::Status CheckExample(const v1::DialogueExample& example, const std::string& field) {
  if (example.id().empty()) {
    return FieldError(field + ".id", "\"\"", "empty", "give each example an id of its own");
  }
  if (absl::StripAsciiWhitespace(example.dialogue()).empty()) {
    return FieldError(
        field + ".dialogue", "\"\"", "the dialogue is empty",
        StrCat("fill in the dialogue of \"", Shorten(example.id()), "\" or leave the example out"));
  }
  RETURN_IF_ERROR(CheckSize(field + ".dialogue", example.dialogue()));
  for (int i = 0; i < example.references_size(); ++i) {
    RETURN_IF_ERROR(CheckSize(StrCat(field, ".references[", i, "]"), example.references(i)));
  }
  return absl::OkStatus();
}

absl::Status CheckExamples(const v1::EvaluationSpec& spec) {
  if (spec.examples_size() < 1 || spec.examples_size() > kMaxExamples) {
    return FieldError("spec.examples", StrCat(spec.examples_size(), " examples"),
                      StrCat("expected 1 to ", kMaxExamples),
                      "send at least one example, and split larger data sets");
  }
  std::unordered_map<std::string, int> first;
  for (int i = 0; i < spec.examples_size(); ++i) {
    const std::string field = StrCat("spec.examples[", i, "]");
    RETURN_IF_ERROR(CheckExample(spec.examples(i), field));
    const auto [found, is_new] = first.emplace(spec.examples(i).id(), i);
    if (!is_new) {
      return FieldError(field + ".id", Shorten(spec.examples(i).id()),
                        StrCat("the id of spec.examples[", found->second, "] again"),
                        "give each example an id of its own");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLabels(const v1::EvaluationSpec& spec) {
  if (spec.reward_label() != spec.toxic_label()) return absl::OkStatus();
  return FieldError("spec.reward_label", spec.reward_label(), "the same as spec.toxic_label",
                    "reward the label that is wanted, e.g. \"neutral\"");
}

}  // namespace

absl::Status CheckThreshold(double threshold, std::string_view field) {
  if (threshold >= 0 && threshold <= 1) return absl::OkStatus();  // written so that NaN is refused
  return FieldError(field, StrCat(threshold), "expected a probability from 0 to 1",
                    "leave it out for 0.5");
}

void FillDefaults(v1::EvaluationSpec& spec) {
  if (spec.model().empty()) spec.set_model("base");
  if (spec.prompt_template().empty()) spec.set_prompt_template("summarize");
  if (!spec.has_use_stemmer()) spec.set_use_stemmer(true);
  if (spec.reward_label().empty()) spec.set_reward_label("neutral");
  if (spec.toxic_label().empty()) spec.set_toxic_label("toxic");
  if (!spec.has_toxicity_threshold()) spec.set_toxicity_threshold(kToxicThreshold);
  FillResampling(*spec.mutable_resampling());
}

absl::Status CheckSpec(const v1::EvaluationSpec& spec) {
  if (spec.name().size() > kMaxNameBytes) {
    return FieldError("spec.name", Shorten(spec.name()),
                      StrCat("longer than ", kMaxNameBytes, " bytes"), "shorten it");
  }
  if (spec.sampling().has_num_samples() && spec.sampling().num_samples() != 1) {
    return FieldError("spec.sampling.num_samples", StrCat(spec.sampling().num_samples()),
                      "an evaluation takes one response for each example",
                      "leave it out or set it to 1");
  }
  RETURN_IF_ERROR(CheckLabels(spec));
  RETURN_IF_ERROR(CheckThreshold(spec.toxicity_threshold(), "spec.toxicity_threshold"));
  RETURN_IF_ERROR(CheckResampling(spec.resampling(), "spec.resampling"));
  const auto prompt_template = FindTemplate(spec.prompt_template());
  if (!prompt_template.ok()) return Annotate(prompt_template.status(), "spec.prompt_template");
  return CheckExamples(spec);
}

absl::StatusOr<std::vector<std::string>> BuildPrompts(const v1::EvaluationSpec& spec) {
  ASSIGN_OR_RETURN(const PromptTemplate prompt_template, FindTemplate(spec.prompt_template()));
  std::vector<std::string> prompts;
  for (const v1::DialogueExample& example : spec.examples()) {
    ASSIGN_OR_RETURN(std::string prompt, BuildPrompt(prompt_template, ToExample(example)));
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

absl::StatusOr<v1::ServedModel> FindServed(const v1::GetModelResponse& model,
                                           const v1::EvaluationSpec& spec) {
  for (const v1::ServedModel& served : model.models()) {
    if (served.name() != spec.model()) continue;
    if (spec.weight_version() == 0 || spec.weight_version() == served.weight_version()) {
      return served;
    }
    const bool gone = spec.weight_version() < served.weight_version();
    return MakeError(
        absl::StatusCode::kFailedPrecondition,
        {"VERSION_NOT_SERVED", "spec.weight_version", StrCat(spec.weight_version()),
         gone ? StrCat("leave it out to evaluate version ", served.weight_version(),
                       ", or publish a checkpoint of the old one under a name of its own")
              : "wait for the push of that version, or leave it out"},
        StrCat("model \"", served.name(), "\" is served at version ", served.weight_version(),
               gone ? "; a newer push has replaced the one asked for" : ""));
  }
  return MakeError(absl::StatusCode::kNotFound,
                   {"MODEL_NOT_FOUND", "spec.model", Shorten(spec.model()),
                    "tactctl models shows the names there are"},
                   "no such model is served");
}

absl::StatusOr<int> FindLabel(const v1::GetRewardModelResponse& model, const std::string& label,
                              const std::string& field) {
  for (int i = 0; i < model.labels_size(); ++i) {
    if (model.labels(i) == label) return i;
  }
  return FieldError(field, Shorten(label), "the classifier has no such label",
                    StrCat("it has ", absl::StrJoin(model.labels(), ", ")));
}

}  // namespace tact
