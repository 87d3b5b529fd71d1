// Printing: aligned tables, numbers, protobuf messages as JSON.
#ifndef TACT_SERVICES_TACTCTL_OUTPUT_H_
#define TACT_SERVICES_TACTCTL_OUTPUT_H_

#include <google/protobuf/message.h>

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tact::ctl {

// Columns as wide as their longest cell; the last one is cut so that a line fits.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  void Add(std::vector<std::string> row);
  // Lines of at most `width` columns.
  void Print(std::ostream& out, size_t width) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

// "name  value" lines for one thing.
void PrintFields(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& fields);

// Columns of a terminal that a text takes: its code points.
size_t DisplayWidth(std::string_view text);
// At most `width` columns, "..." at the end where it was cut; line ends become spaces.
std::string Fit(std::string_view text, size_t width);
// Fixed digits after the point: Number(0.12345, 3) is "0.123".
std::string Number(double value, int digits);
// "2.5 s", "3 min 20 s", "1 h 5 min".
std::string Seconds(double seconds);
// "2026-11-25 14:30:05" in local time; "" for 0.
std::string Timestamp(double epoch_seconds);
// Field names as in the proto; default values included. One line where `pretty` is false.
std::string ToJson(const google::protobuf::Message& message, bool pretty);
// Lines of text with `indent` before each.
std::string Indent(std::string_view text, std::string_view indent);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_OUTPUT_H_
