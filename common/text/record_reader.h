// Records with named fields from the bytes of a jsonl or csv file; see dataset.h for what the
// errors say. Columns are the keys of a json object, or the names in the first line of a csv.
#ifndef TACT_COMMON_TEXT_RECORD_READER_H_
#define TACT_COMMON_TEXT_RECORD_READER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/text/dataset.h"

namespace tact {

struct RecordField {
  std::string column;
  std::string value;   // text; numbers and booleans as json writes them; "" for null
  bool scalar = true;  // false for a json list or object, whose `value` is its type
};

class Record {
 public:
  Record(std::string_view dataset, size_t line, std::vector<RecordField> fields)
      : dataset_(dataset), line_(line), fields_(std::move(fields)) {}

  size_t line() const { return line_; }

  // The field, or nullptr.
  const RecordField* Find(std::string_view column) const;
  // The value of the first of `columns` that is there, or "". INVALID_ARGUMENT for a list or
  // object.
  absl::StatusOr<std::string> Optional(const std::vector<std::string>& columns) const;
  // The same, but one of the columns has to be there and hold more than white space.
  absl::StatusOr<std::string> Required(const std::vector<std::string>& columns) const;

  // INVALID_ARGUMENT about this record: "<dataset> line <line>: <problem>, found <value>; <fix>".
  absl::Status Error(std::string_view problem, std::string_view value, std::string_view fix) const;
  // That none of `columns` is there: names those that are.
  absl::Status MissingColumn(const std::vector<std::string>& columns) const;

 private:
  std::string_view dataset_;
  size_t line_;
  std::vector<RecordField> fields_;
};

// Calls `take` for each record until it fails. INVALID_ARGUMENT for no record at all.
absl::Status ForEachRecord(std::string_view bytes, std::string_view name,
                           const DatasetOptions& options,
                           const std::function<absl::Status(const Record&)>& take);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_RECORD_READER_H_
