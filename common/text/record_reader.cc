#include "common/text/record_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/csv.h"
#include "common/text/utf8.h"
#include "nlohmann/json.hpp"

namespace tact {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string Quoted(const std::vector<std::string>& columns, std::string_view last) {
  std::vector<std::string> quoted;
  for (const auto& column : columns) quoted.push_back(StrCat("\"", column, "\""));
  if (quoted.size() < 2) return absl::StrJoin(quoted, "");
  const std::string end = std::move(quoted.back());
  quoted.pop_back();
  return StrCat(absl::StrJoin(quoted, ", "), last, end);
}

DataFormat FormatOf(std::string_view bytes, std::string_view name, DataFormat asked) {
  if (asked != DataFormat::kAuto) return asked;
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  for (const auto end : {".jsonl", ".ndjson", ".json"}) {
    if (lower.ends_with(end)) return DataFormat::kJsonLines;
  }
  if (lower.ends_with(".csv")) return DataFormat::kCsv;
  const std::string_view text = StripLeft(bytes);
  return text.substr(0, 1) == "{" || text.substr(0, 1) == "[" ? DataFormat::kJsonLines
                                                              : DataFormat::kCsv;
}

absl::Status CheckBytes(std::string_view bytes, std::string_view name, size_t max_bytes) {
  if (bytes.size() > max_bytes) {
    return FieldError(name, StrCat(bytes.size(), " bytes"),
                      StrCat("the data set is above the limit of ", max_bytes, " bytes"),
                      "split it or raise max_bytes");
  }
  const size_t at = FindInvalidUtf8(bytes);
  if (at == std::string_view::npos) return absl::OkStatus();
  const std::string_view before = bytes.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return FieldError(StrCat(name, " line ", line),
                    absl::StrFormat("byte 0x%02X", static_cast<unsigned char>(bytes[at])),
                    StrCat("not UTF-8 at byte ", at - begin + 1, " of the line"),
                    "save the file as UTF-8");
}

RecordField FieldOf(const std::string& column, const json& value) {
  if (value.is_string()) return {column, value.get<std::string>()};
  if (value.is_null()) return {column, ""};
  if (value.is_structured()) return {column, value.type_name(), false};
  return {column, value.dump()};
}

absl::StatusOr<json> ParseLine(std::string_view line, const Record& here) {
  try {
    json object = json::parse(line);
    if (object.is_object()) return object;
    return here.Error("each line must be a json object", object.type_name(),
                      "write one {...} per line, with no list around them");
  } catch (const json::parse_error& error) {
    return here.Error(StrCat("not json at byte ", error.byte), Shorten(line),
                      "write one complete {...} per line");
  } catch (const json::out_of_range&) {
    return here.Error("holds a number that is too large", Shorten(line),
                      "write numbers that fit into 64 bits");
  }
}

absl::Status ForEachJsonLine(std::string_view bytes, std::string_view name, size_t max_line,
                             const std::function<absl::Status(const Record&)>& take) {
  for (size_t at = 0, number = 1; at < bytes.size(); ++number) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 1;
    if (Strip(line).empty()) continue;
    const Record here(name, number, {});
    if (line.size() > max_line) {
      return here.Error(StrCat("the line is above ", max_line, " bytes"),
                        StrCat(line.size(), " bytes"), "shorten it or raise max_record_bytes");
    }
    ASSIGN_OR_RETURN(const json object, ParseLine(line, here));
    std::vector<RecordField> fields;
    for (const auto& [column, value] : object.items()) fields.push_back(FieldOf(column, value));
    RETURN_IF_ERROR(take(Record(name, number, std::move(fields))));
  }
  return absl::OkStatus();
}

absl::Status CheckHeader(const std::vector<std::string>& header, const Record& here) {
  auto sorted = header;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice == sorted.end()) return absl::OkStatus();
  return here.Error("a column's name comes twice", *twice, "give each column its own name");
}

absl::Status ForEachCsvRecord(std::string_view bytes, std::string_view name, size_t max_record,
                              const std::function<absl::Status(const Record&)>& take) {
  CsvReader reader(bytes, name, max_record);
  std::vector<std::string> header, values;
  ASSIGN_OR_RETURN(bool more, reader.Next(&header));
  if (!more) return absl::OkStatus();
  for (auto& column : header) column = std::string(Strip(column));
  RETURN_IF_ERROR(CheckHeader(header, Record(name, reader.line(), {})));
  while (true) {
    ASSIGN_OR_RETURN(more, reader.Next(&values));
    if (!more) return absl::OkStatus();
    if (values.size() != header.size()) {
      return Record(name, reader.line(), {})
          .Error(StrCat("the record must have ", header.size(), " fields, as the first line"),
                 StrCat(values.size()), "put quotes around a field that holds a comma");
    }
    std::vector<RecordField> fields;
    for (size_t i = 0; i < header.size(); ++i) fields.push_back({header[i], std::move(values[i])});
    RETURN_IF_ERROR(take(Record(name, reader.line(), std::move(fields))));
  }
}

}  // namespace

absl::Status Record::Error(std::string_view problem, std::string_view value,
                           std::string_view fix) const {
  return FieldError(StrCat(dataset_, " line ", line_), value, problem, fix);
}

absl::Status Record::MissingColumn(const std::vector<std::string>& columns) const {
  std::vector<std::string> found;
  for (const auto& field : fields_) found.push_back(field.column);
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"MISSING_COLUMN", StrCat(dataset_, " line ", line_), "",
                    "rename the column, or name yours in the options"},
                   StrCat("no column ", Quoted(columns, " or "), "; the columns found are ",
                          found.empty() ? "none" : Shorten(Quoted(found, " and "), 400)));
}

const RecordField* Record::Find(std::string_view column) const {
  for (const auto& field : fields_) {
    if (field.column == column) return &field;
  }
  return nullptr;
}

absl::StatusOr<std::string> Record::Optional(const std::vector<std::string>& columns) const {
  for (const auto& column : columns) {
    const RecordField* field = Find(column);
    if (field == nullptr) continue;
    if (field->scalar) return field->value;
    return Error(StrCat("\"", column, "\" must be a text"), field->value, "write a string");
  }
  return std::string();
}

absl::StatusOr<std::string> Record::Required(const std::vector<std::string>& columns) const {
  ASSIGN_OR_RETURN(std::string value, Optional(columns));
  if (!Strip(value).empty()) return value;
  for (const auto& column : columns) {
    if (Find(column) == nullptr) continue;
    return Error(StrCat("\"", column, "\" is empty"), "", "fill it in or remove the line");
  }
  return MissingColumn(columns);
}

absl::Status ForEachRecord(std::string_view bytes, std::string_view name,
                           const DatasetOptions& options,
                           const std::function<absl::Status(const Record&)>& take) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  RETURN_IF_ERROR(CheckBytes(bytes, name, options.max_bytes));
  size_t count = 0;
  const auto counted = [&](const Record& record) -> absl::Status {
    if (++count <= options.max_records) return take(record);
    return record.Error(StrCat("there are more than ", options.max_records, " records"), "",
                        "split the data set or raise max_records");
  };
  const bool csv = FormatOf(bytes, name, options.format) == DataFormat::kCsv;
  RETURN_IF_ERROR(csv ? ForEachCsvRecord(bytes, name, options.max_record_bytes, counted)
                      : ForEachJsonLine(bytes, name, options.max_record_bytes, counted));
  if (count > 0) return absl::OkStatus();
  return FieldError(name, StrCat(bytes.size(), " bytes"), "the data set has no records",
                    csv ? "write a first line of column names and at least one record"
                        : "write one {...} per line");
}

}  // namespace tact
