// The look of the live view.
#ifndef TACT_SERVICES_TRAINER_PAGE_STYLE_SHEET_H_
#define TACT_SERVICES_TRAINER_PAGE_STYLE_SHEET_H_

#include <string_view>

namespace tact {

extern const std::string_view kPageStyle;
// A mark for the browser's tab, as SVG.
extern const std::string_view kPageIcon;

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_STYLE_SHEET_H_
