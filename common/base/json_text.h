// A JSON value as an error shows it.
#ifndef TACT_COMMON_BASE_JSON_TEXT_H_
#define TACT_COMMON_BASE_JSON_TEXT_H_

#include <nlohmann/json.hpp>
#include <string>

namespace tact {

// Lists and objects by their kind alone ("array"): to write one takes stack for each level of it,
// and a stranger's file may have a million.
inline std::string JsonText(const nlohmann::json& value) {
  if (value.is_structured()) return value.type_name();
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tact

#endif  // TACT_COMMON_BASE_JSON_TEXT_H_
