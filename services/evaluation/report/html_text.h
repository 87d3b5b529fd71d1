// Text and numbers for HTML.
#ifndef TACT_SERVICES_EVALUATION_REPORT_HTML_TEXT_H_
#define TACT_SERVICES_EVALUATION_REPORT_HTML_TEXT_H_

#include <string>
#include <string_view>

namespace tact {

// Safe inside elements and quoted attributes; control characters that HTML forbids become U+FFFD.
std::string HtmlEscape(std::string_view text);

// At most four significant digits: "0.25", "1200", "-3.5".
std::string ShortNumber(double value);
// Three decimals.
std::string Decimal(double value);
// "38 %" of 0.38.
std::string Percent(double share);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_HTML_TEXT_H_
