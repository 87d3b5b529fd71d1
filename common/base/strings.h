// StrCat over std::string_view. Debian builds Abseil with an absl::string_view of its own, which
// does not take a std::string_view; this header is the one bridge between the two.
#ifndef TACT_COMMON_BASE_STRINGS_H_
#define TACT_COMMON_BASE_STRINGS_H_

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tact {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
template <typename T>
decltype(auto) StrCatPart(const T& part) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(part);
  } else {
    return (part);
  }
}
}  // namespace internal

// absl::StrCat whose parts may be std::string_view too.
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  return absl::StrCat(internal::StrCatPart(parts)...);
}

template <typename... Parts>
void StrAppend(std::string* out, const Parts&... parts) {
  absl::StrAppend(out, internal::StrCatPart(parts)...);
}

}  // namespace tact

#endif  // TACT_COMMON_BASE_STRINGS_H_
