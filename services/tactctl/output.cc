#include "services/tactctl/output.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kLeastWidth = 8;  // of a column that was cut

bool StartsCodePoint(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

}  // namespace

Table::Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void Table::Add(std::vector<std::string> row) {
  row.resize(rows_.front().size());
  rows_.push_back(std::move(row));
}

void Table::Print(std::ostream& out, size_t width) const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  for (const auto& row : rows_) {
    size_t column = 0;
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      const size_t left = width > column + kLeastWidth ? width - column : kLeastWidth;
      const std::string cell = last ? Fit(row[i], left) : Fit(row[i], widths[i]);
      StrAppend(&line, cell);
      if (!last) line.append(widths[i] - DisplayWidth(cell) + kGap, ' ');
      column += widths[i] + kGap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

void PrintFields(std::ostream& out,
                 const std::vector<std::pair<std::string, std::string>>& fields) {
  size_t widest = 0;
  for (const auto& field : fields) widest = std::max(widest, DisplayWidth(field.first));
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out << name << std::string(widest - DisplayWidth(name) + kGap, ' ') << value << '\n';
  }
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

std::string Fit(std::string_view text, size_t width) {
  std::string line = absl::StrReplaceAll(ToAbsl(text), {{"\n", " "}, {"\r", ""}, {"\t", " "}});
  if (DisplayWidth(line) <= width) return line;
  const size_t kept = width > 3 ? width - 3 : 0;
  size_t end = 0;
  for (size_t seen = 0; end < line.size(); ++end) {
    if (StartsCodePoint(line[end]) && seen++ == kept) break;
  }
  return line.substr(0, end) + "...";
}

std::string Number(double value, int digits) { return absl::StrFormat("%.*f", digits, value); }

std::string Seconds(double seconds) {
  if (seconds < 10) return absl::StrFormat("%.1f s", std::max(seconds, 0.0));
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return StrCat(whole, " s");
  if (whole < 3600) return StrCat(whole / 60, " min ", whole % 60, " s");
  return StrCat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

std::string Timestamp(double epoch_seconds) {
  if (epoch_seconds <= 0) return "";
  const absl::Time time = absl::UnixEpoch() + absl::Seconds(epoch_seconds);
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) json = "{}";
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json + "\n";
}

std::string Indent(std::string_view text, std::string_view indent) {
  return StrCat(indent, absl::StrReplaceAll(ToAbsl(text), {{"\n", StrCat("\n", indent)}}));
}

}  // namespace tact::ctl
