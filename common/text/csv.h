// Comma-separated values by RFC 4180: fields in double quotes may hold commas, line ends and
// doubled quotes. Lines end with LF or CRLF; empty lines are skipped.
#ifndef TACT_COMMON_TEXT_CSV_H_
#define TACT_COMMON_TEXT_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact {

class CsvReader {
 public:
  // `bytes` must outlive the reader; `name` is what errors call them.
  CsvReader(std::string_view bytes, std::string_view name, size_t max_record_bytes)
      : bytes_(bytes), name_(name), max_record_bytes_(max_record_bytes) {}

  // The fields of the next record; false at the end. INVALID_ARGUMENT names the line of a quote
  // that is never closed, of text behind a closing quote, or of a record above the limit.
  absl::StatusOr<bool> Next(std::vector<std::string>* fields);

  // Line, from 1, on which the record that Next gave last begins.
  size_t line() const { return record_line_; }

 private:
  absl::Status ReadRecord(std::vector<std::string>* fields);
  absl::Status ReadField(std::string* field);
  absl::Status ReadQuoted(std::string* field);
  absl::Status CheckSize() const;
  // Length of the line end at the cursor, 0 if there is none; the end of the bytes is not one.
  size_t LineEnd() const;
  absl::Status Error(size_t line, std::string_view problem, std::string_view fix) const;

  std::string_view bytes_;
  std::string name_;
  size_t max_record_bytes_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t record_line_ = 1;
  size_t record_at_ = 0;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_CSV_H_
