#include "common/text/csv.h"

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

absl::Status CsvReader::Error(size_t line, std::string_view problem, std::string_view fix) const {
  return FieldError(StrCat(name_, " line ", line), "", problem, fix);
}

size_t CsvReader::LineEnd() const {
  const std::string_view rest = bytes_.substr(at_);
  if (rest.substr(0, 1) == "\n") return 1;
  return rest.substr(0, 2) == "\r\n" ? 2 : 0;
}

absl::Status CsvReader::CheckSize() const {
  if (at_ - record_at_ <= max_record_bytes_) return absl::OkStatus();
  return Error(record_line_, StrCat("the record is above ", max_record_bytes_, " bytes"),
               "look for a quote that is not closed, or raise max_record_bytes");
}

absl::StatusOr<bool> CsvReader::Next(std::vector<std::string>* fields) {
  while (const size_t size = LineEnd()) {
    at_ += size;
    ++line_;
  }
  if (at_ >= bytes_.size()) return false;
  record_line_ = line_;
  record_at_ = at_;
  RETURN_IF_ERROR(ReadRecord(fields));
  return true;
}

absl::Status CsvReader::ReadRecord(std::vector<std::string>* fields) {
  fields->clear();
  while (true) {
    RETURN_IF_ERROR(ReadField(&fields->emplace_back()));
    if (at_ >= bytes_.size()) return absl::OkStatus();
    if (const size_t size = LineEnd()) {
      at_ += size;
      ++line_;
      return absl::OkStatus();
    }
    ++at_;  // the comma
  }
}

absl::Status CsvReader::ReadField(std::string* field) {
  if (at_ < bytes_.size() && bytes_[at_] == '"') return ReadQuoted(field);
  const size_t begin = at_;
  while (at_ < bytes_.size() && bytes_[at_] != ',' && LineEnd() == 0) {
    ++at_;
    RETURN_IF_ERROR(CheckSize());
  }
  field->assign(bytes_.substr(begin, at_ - begin));
  return absl::OkStatus();
}

absl::Status CsvReader::ReadQuoted(std::string* field) {
  const size_t opened = line_;
  for (++at_; at_ < bytes_.size(); ++at_) {
    RETURN_IF_ERROR(CheckSize());
    const char c = bytes_[at_];
    if (c == '\n') ++line_;
    if (c != '"') {
      field->push_back(c);
    } else if (bytes_.substr(at_ + 1, 1) == "\"") {
      field->push_back(bytes_[++at_]);
    } else {
      ++at_;
      if (at_ >= bytes_.size() || bytes_[at_] == ',' || LineEnd() > 0) return absl::OkStatus();
      return Error(line_, "text stands behind a closing quote",
                   "double the quotes inside a quoted field");
    }
  }
  return Error(opened, "a quote is opened here and never closed",
               "close it, or double the quotes inside a quoted field");
}

}  // namespace tact
