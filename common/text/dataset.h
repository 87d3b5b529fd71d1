// Data sets as users have them: DialogSum's jsonl and csv, prompt-response pairs, labelled texts.
// The Parse functions take bytes and touch nothing else; the Read functions read one file.
//
// Every error is INVALID_ARGUMENT and names the data set, the line (counted from 1) and the cure:
// a missing column lists the columns found and those expected, bad UTF-8 gives the byte in its
// line, bad JSON the place. Columns nobody asked for are ignored. csv follows RFC 4180 (quotes,
// doubled quotes, line ends inside quotes); a byte-order mark and CRLF are accepted in both.
#ifndef TACT_COMMON_TEXT_DATASET_H_
#define TACT_COMMON_TEXT_DATASET_H_

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

struct DialogueExample {
  std::string id;                       // "id" or "fname"; "<line>" where there is neither
  std::string dialogue;                 // never empty
  std::vector<std::string> references;  // "summary", or "summary1", "summary2", ... ; never ""
  std::string topic;                    // "topic" or "topic1"; "" if absent
  std::string neutral_summary;          // "neutral_summary", the polite reference; "" if absent
};

struct PromptPair {
  std::string id;  // "id", or "<line>"
  std::string prompt;
  std::string response;
};

struct LabelledText {
  std::string text;
  int label = 0;  // 0 neutral, 1 toxic; other classes as numbered in the file
};

enum class DataFormat { kAuto, kJsonLines, kCsv };

struct DatasetOptions {
  DataFormat format = DataFormat::kAuto;  // Auto: by extension (.jsonl .ndjson .json .csv), then
                                          // by the first byte: '{' is jsonl
  bool references_required = true;        // dialogues: a line without any summary is an error
  // Names of columns, for files that call them something else.
  std::string dialogue_column = "dialogue";
  std::string summary_column = "summary";  // also <name>1, <name>2, ...
  std::string text_column = "text";
  std::string label_column;  // "": is_toxic, toxic or label, whichever is there

  size_t max_bytes = size_t{1} << 30;         // of the file
  size_t max_record_bytes = size_t{1} << 20;  // of one line, or one csv record
  size_t max_records = 1'000'000;
};

// `name` is what errors call the bytes, usually the file's name; it also gives the extension.
absl::StatusOr<std::vector<DialogueExample>> ParseDialogues(std::string_view bytes,
                                                            std::string_view name,
                                                            const DatasetOptions& options = {});
absl::StatusOr<std::vector<PromptPair>> ParsePromptPairs(std::string_view bytes,
                                                         std::string_view name,
                                                         const DatasetOptions& options = {});
// Labels: 0, 1, 2 ...; true, false; "Toxic", "Not Toxic", "non-toxic", "neutral" in any case.
absl::StatusOr<std::vector<LabelledText>> ParseLabelledTexts(std::string_view bytes,
                                                             std::string_view name,
                                                             const DatasetOptions& options = {});

// The same from a file; NOT_FOUND if there is none.
absl::StatusOr<std::vector<DialogueExample>> ReadDialogues(const std::filesystem::path& path,
                                                           const DatasetOptions& options = {});
absl::StatusOr<std::vector<PromptPair>> ReadPromptPairs(const std::filesystem::path& path,
                                                        const DatasetOptions& options = {});
absl::StatusOr<std::vector<LabelledText>> ReadLabelledTexts(const std::filesystem::path& path,
                                                            const DatasetOptions& options = {});

}  // namespace tact

#endif  // TACT_COMMON_TEXT_DATASET_H_
