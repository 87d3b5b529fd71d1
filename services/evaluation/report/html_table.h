// Tables of report.html: start, cells, end.
#ifndef TACT_SERVICES_EVALUATION_REPORT_HTML_TABLE_H_
#define TACT_SERVICES_EVALUATION_REPORT_HTML_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace tact {

// A wide table scrolls by itself, by keyboard too. All arguments are HTML; columns of text come
// before those of numbers.
std::string TableStart(std::string_view label, std::string_view caption,
                       const std::vector<std::string_view>& texts,
                       const std::vector<std::string_view>& numbers);
inline constexpr std::string_view kTableEnd = "</tbody></table></div>\n";

std::string NumberCell(const std::string& text);

// The first cell of a row, which names it.
std::string RowHead(const std::string& html);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_HTML_TABLE_H_
