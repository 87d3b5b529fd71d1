#include "common/text/dataset.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/record_reader.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

constexpr int kMaxLabel = 999;

// The id a record names, else its line.
absl::StatusOr<std::string> IdOf(const Record& record, const std::vector<std::string>& columns) {
  ASSIGN_OR_RETURN(std::string id, record.Optional(columns));
  return id.empty() ? StrCat(record.line()) : std::move(id);
}

// "summary", then "summary1", "summary2", ...; empty ones are left out.
absl::StatusOr<std::vector<std::string>> ReferencesOf(const Record& record,
                                                      const DatasetOptions& options) {
  const std::string& column = options.summary_column;
  std::vector<std::string> names = {column};
  for (int i = 1; record.Find(StrCat(column, i)) != nullptr; ++i) {
    names.push_back(StrCat(column, i));
  }
  std::vector<std::string> references;
  for (const auto& name : names) {
    ASSIGN_OR_RETURN(std::string text, record.Optional({name}));
    if (!Strip(text).empty()) references.push_back(std::move(text));
  }
  if (references.empty() && options.references_required) {
    return record.Required({column, StrCat(column, 1)}).status();
  }
  return references;
}

absl::StatusOr<DialogueExample> DialogueOf(const Record& record, const DatasetOptions& options) {
  DialogueExample example;
  ASSIGN_OR_RETURN(example.id, IdOf(record, {"id", "fname"}));
  ASSIGN_OR_RETURN(example.dialogue, record.Required({options.dialogue_column}));
  ASSIGN_OR_RETURN(example.references, ReferencesOf(record, options));
  ASSIGN_OR_RETURN(example.topic, record.Optional({"topic", "topic1"}));
  ASSIGN_OR_RETURN(example.neutral_summary, record.Optional({"neutral_summary"}));
  return example;
}

absl::StatusOr<int> LabelOf(const Record& record, const std::string& value) {
  const std::string text = absl::AsciiStrToLower(std::string(Strip(value)));
  std::string words = text;  // "not-toxic" and "not_toxic" are "not toxic"
  for (char& c : words) c = c == '-' || c == '_' ? ' ' : c;
  for (const auto one : {"toxic", "true", "yes", "1.0"}) {
    if (words == one) return 1;
  }
  for (const auto zero : {"not toxic", "non toxic", "nontoxic", "neutral", "false", "no", "0.0"}) {
    if (words == zero) return 0;
  }
  int number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= 0 && number <= kMaxLabel) return number;
  return record.Error("the label is not known", value,
                      "write Toxic or Not Toxic, true or false, or a class number such as 0 or 1");
}

absl::StatusOr<LabelledText> LabelledOf(const Record& record, const DatasetOptions& options) {
  std::vector<std::string> columns = {"is_toxic", "toxic", "label"};
  if (!options.label_column.empty()) columns = {options.label_column};
  LabelledText out;
  ASSIGN_OR_RETURN(out.text, record.Required({options.text_column}));
  ASSIGN_OR_RETURN(const std::string label, record.Required(columns));
  ASSIGN_OR_RETURN(out.label, LabelOf(record, label));
  return out;
}

absl::StatusOr<PromptPair> PairOf(const Record& record, const DatasetOptions&) {
  PromptPair out;
  ASSIGN_OR_RETURN(out.id, IdOf(record, {"id"}));
  ASSIGN_OR_RETURN(out.prompt, record.Required({"prompt"}));
  ASSIGN_OR_RETURN(out.response, record.Required({"response"}));
  return out;
}

template <typename T>
absl::StatusOr<std::vector<T>> ParseAll(std::string_view bytes, std::string_view name,
                                        const DatasetOptions& options,
                                        absl::StatusOr<T> (*parse)(const Record&,
                                                                   const DatasetOptions&)) {
  std::vector<T> out;
  RETURN_IF_ERROR(ForEachRecord(bytes, name, options, [&](const Record& record) -> absl::Status {
    ASSIGN_OR_RETURN(T item, parse(record, options));
    out.push_back(std::move(item));
    return absl::OkStatus();
  }));
  return out;
}

template <typename T>
absl::StatusOr<std::vector<T>> ReadAll(const std::filesystem::path& path,
                                       const DatasetOptions& options,
                                       absl::StatusOr<T> (*parse)(const Record&,
                                                                  const DatasetOptions&)) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, options.max_bytes));
  return ParseAll<T>(bytes, path.string(), options, parse);
}

}  // namespace

absl::StatusOr<std::vector<DialogueExample>> ParseDialogues(std::string_view bytes,
                                                            std::string_view name,
                                                            const DatasetOptions& options) {
  return ParseAll(bytes, name, options, DialogueOf);
}

absl::StatusOr<std::vector<PromptPair>> ParsePromptPairs(std::string_view bytes,
                                                         std::string_view name,
                                                         const DatasetOptions& options) {
  return ParseAll(bytes, name, options, PairOf);
}

absl::StatusOr<std::vector<LabelledText>> ParseLabelledTexts(std::string_view bytes,
                                                             std::string_view name,
                                                             const DatasetOptions& options) {
  return ParseAll(bytes, name, options, LabelledOf);
}

absl::StatusOr<std::vector<DialogueExample>> ReadDialogues(const std::filesystem::path& path,
                                                           const DatasetOptions& options) {
  return ReadAll(path, options, DialogueOf);
}

absl::StatusOr<std::vector<PromptPair>> ReadPromptPairs(const std::filesystem::path& path,
                                                        const DatasetOptions& options) {
  return ReadAll(path, options, PairOf);
}

absl::StatusOr<std::vector<LabelledText>> ReadLabelledTexts(const std::filesystem::path& path,
                                                            const DatasetOptions& options) {
  return ReadAll(path, options, LabelledOf);
}

}  // namespace tact
