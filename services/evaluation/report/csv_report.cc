#include <charconv>
#include <string>
#include <string_view>

#include "absl/strings/str_replace.h"
#include "common/base/strings.h"
#include "services/evaluation/report/report.h"

namespace tact {
namespace {

// The shortest text that reads back as the same number.
std::string Number(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

std::string Quoted(std::string_view text) {
  std::string field = "\"";
  field += absl::StrReplaceAll(ToAbsl(text), {{"\"", "\"\""}});
  field += '"';
  return field;
}

}  // namespace

std::string CsvReport(const Report& report) {
  std::string csv =
      "id,reward_before,reward_after,reward_difference,toxicity_before,toxicity_after,"
      "response_before,response_after,dialogue\r\n";
  for (const v1::ComparedExample& row : report.comparison.rows()) {
    csv += Quoted(row.id());
    for (const double value : {row.reward_before(), row.reward_after(), row.reward_difference(),
                               row.toxicity_before(), row.toxicity_after()}) {
      csv += ',';
      csv += Number(value);
    }
    for (const std::string* text :
         {&row.response_before(), &row.response_after(), &row.dialogue()}) {
      csv += ',';
      csv += Quoted(*text);
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace tact
