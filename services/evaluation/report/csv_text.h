// Fields of RFC 4180.
#ifndef TACT_SERVICES_EVALUATION_REPORT_CSV_TEXT_H_
#define TACT_SERVICES_EVALUATION_REPORT_CSV_TEXT_H_

#include <charconv>
#include <string>
#include <string_view>

#include "absl/strings/str_replace.h"
#include "common/base/strings.h"

namespace tact {

// The shortest text that reads back as the same number.
inline std::string CsvNumber(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

inline std::string CsvText(std::string_view text) {
  return "\"" + absl::StrReplaceAll(ToAbsl(text), {{"\"", "\"\""}}) + "\"";
}

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_CSV_TEXT_H_
