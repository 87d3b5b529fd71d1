// A hash map from strings that can be asked with a std::string_view without making a string.
#ifndef TACT_COMMON_TEXT_STRING_MAP_H_
#define TACT_COMMON_TEXT_STRING_MAP_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tact {

struct TransparentStringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <typename T>
using StringMap = std::unordered_map<std::string, T, TransparentStringHash, std::equal_to<>>;

}  // namespace tact

#endif  // TACT_COMMON_TEXT_STRING_MAP_H_
