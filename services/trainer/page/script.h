// What makes the live view live: polls the JSON endpoints, draws curves as inline SVG.
#ifndef TACT_SERVICES_TRAINER_PAGE_SCRIPT_H_
#define TACT_SERVICES_TRAINER_PAGE_SCRIPT_H_

#include <string_view>

namespace tact {

// Text from the server enters the page as text nodes only. Nothing is asked of another origin.
extern const std::string_view kPageScript;

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_SCRIPT_H_
