// The style sheet of report.html: light and dark by the reader's setting, and print.
#ifndef TACT_SERVICES_EVALUATION_REPORT_STYLE_SHEET_H_
#define TACT_SERVICES_EVALUATION_REPORT_STYLE_SHEET_H_

#include <string_view>

namespace tact {

extern const std::string_view kStyleSheet;

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_STYLE_SHEET_H_
